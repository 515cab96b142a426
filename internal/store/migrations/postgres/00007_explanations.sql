-- +goose Up
-- Why calls were refused, for a while: see the same step for SQLite.
CREATE TABLE explanation (
    slot       bigint PRIMARY KEY,
    at         bigint NOT NULL,
    request_id text   NOT NULL,
    body       text   NOT NULL
);
CREATE INDEX explanation_request ON explanation (request_id);

-- +goose Down
DROP TABLE explanation;
