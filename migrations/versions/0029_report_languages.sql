-- Those that there are were made in English.
ALTER TABLE reports ADD COLUMN language text NOT NULL DEFAULT 'en';
