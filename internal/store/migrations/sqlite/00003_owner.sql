-- +goose Up
-- A file belongs to one process, so its lanes have no other owner. The column is here because both databases are asked alike.
ALTER TABLE outbox ADD COLUMN owner INTEGER NOT NULL DEFAULT 0;

-- +goose Down
ALTER TABLE outbox DROP COLUMN owner;
