-- What a question is called, wherever it stands: its number is its place, and changes when it is moved.
ALTER TABLE questions ADD COLUMN id bigint GENERATED ALWAYS AS IDENTITY;
CREATE UNIQUE INDEX questions_id ON questions (id);

-- A question that is moved takes its items along.
ALTER TABLE items
    DROP CONSTRAINT items_exam_id_question_number_fkey,
    ADD CONSTRAINT items_exam_id_question_number_fkey
        FOREIGN KEY (exam_id, question_number) REFERENCES questions ON UPDATE CASCADE ON DELETE CASCADE;
