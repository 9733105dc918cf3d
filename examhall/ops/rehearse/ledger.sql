-- name: history
SELECT sitting_id, question_number, sub_part, revision, answer
  FROM answer_history;

-- name: answers
SELECT sitting_id, question_number, sub_part, revision, answer
  FROM answers;
