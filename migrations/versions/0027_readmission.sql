-- Letting somebody in again is kept like all else that staff do, with the time that they got.
ALTER TABLE interventions DROP CONSTRAINT interventions_kind_check;
ALTER TABLE interventions ADD CONSTRAINT interventions_kind_check
    CHECK (kind IN ('time', 'announcement', 'pause', 'resume', 'close', 'readmit'));
ALTER TABLE interventions DROP CONSTRAINT interventions_seconds;
ALTER TABLE interventions ADD CONSTRAINT interventions_seconds
    CHECK ((kind IN ('time', 'readmit')) = (seconds IS NOT NULL));

-- In which room somebody sits an exam, and where in it. Who has no row may sit anywhere.
CREATE TABLE seating (
    exam_id   bigint NOT NULL REFERENCES exams ON DELETE CASCADE,
    person_id bigint NOT NULL REFERENCES people ON DELETE CASCADE,
    room      text   NOT NULL CHECK (room <> ''),
    seat      text   NOT NULL DEFAULT '',
    PRIMARY KEY (exam_id, person_id)
);
CREATE INDEX seating_person ON seating (person_id);
SELECT audit_table('seating', '{exam_id,person_id}', exam => 'exam_id', person => 'person_id');
