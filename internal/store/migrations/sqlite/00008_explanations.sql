-- +goose Up
-- Why calls were refused, for a while. A row takes the place of an older one, so that the table has a greatest size.
CREATE TABLE explanation (
    slot       INTEGER PRIMARY KEY,
    request_id TEXT    NOT NULL,
    at         INTEGER NOT NULL,
    body       TEXT    NOT NULL
);
CREATE INDEX explanation_request ON explanation (request_id);

-- +goose Down
DROP TABLE explanation;
