ALTER TABLE people ADD COLUMN language text CHECK (language ~ '^[a-zA-Z-]{2,35}$');
