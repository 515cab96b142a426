-- +goose Up
-- What was written to people and groups, and by them. A message has one id for as long as it is kept: the one that callers see. The
-- network's own id stands beside it.
CREATE TABLE message (
    id            INTEGER PRIMARY KEY,
    account_id    INTEGER NOT NULL,
    number        INTEGER NOT NULL, -- the business number
    at            INTEGER NOT NULL,
    state_at      INTEGER NOT NULL,
    group_id      INTEGER NOT NULL, -- 0: between the business and one person
    person        INTEGER NOT NULL, -- the other side; in a group who wrote it, 0 for the business
    batch_id      INTEGER NOT NULL, -- the operation that sent many at once, 0
    inbound       INTEGER NOT NULL,
    state         INTEGER NOT NULL,
    code          INTEGER NOT NULL, -- the network's, when it failed
    chat          TEXT    NOT NULL, -- the network's id of the group
    wamid         TEXT, -- NULL until the network has taken it
    kind          TEXT    NOT NULL,
    task_id       TEXT    NOT NULL,
    template_code TEXT    NOT NULL,
    template_name TEXT    NOT NULL,
    language      TEXT    NOT NULL,
    content       TEXT    NOT NULL,
    reason        TEXT    NOT NULL
);
CREATE INDEX message_wamid ON message (number, wamid) WHERE wamid IS NOT NULL;
CREATE INDEX message_list ON message (number, at, id);
CREATE INDEX message_person ON message (number, person, at, id) WHERE person <> 0;
CREATE INDEX message_batch ON message (batch_id, id) WHERE batch_id <> 0;

-- How far a message of the business has come to each member of its group.
CREATE TABLE message_member (
    message_id INTEGER NOT NULL,
    person     INTEGER NOT NULL,
    at         INTEGER NOT NULL,
    state      INTEGER NOT NULL,
    PRIMARY KEY (message_id, person)
) WITHOUT ROWID;

-- Whom a business number writes to outside of groups, and when they last wrote themselves.
CREATE TABLE conversation (
    id         INTEGER PRIMARY KEY,
    account_id INTEGER NOT NULL,
    number     INTEGER NOT NULL,
    person     INTEGER NOT NULL,
    wrote_at   INTEGER NOT NULL, -- 0: never
    UNIQUE (number, person)
);

-- +goose Down
DROP TABLE conversation;
DROP TABLE message_member;
DROP TABLE message;
