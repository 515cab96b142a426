-- +goose Up
-- A file belongs to one process, so its lanes have no other owner. The column is here because both databases are asked alike.
ALTER TABLE outbox ADD COLUMN owner INTEGER NOT NULL DEFAULT 0;

CREATE INDEX parked_report_age ON parked_report (received_at);

-- +goose Down
DROP INDEX parked_report_age;
ALTER TABLE outbox DROP COLUMN owner;
