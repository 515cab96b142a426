-- +goose Up
-- What was written to people and groups, and by them: see the same step for SQLite.
CREATE TABLE message (
    id            bigint   PRIMARY KEY,
    account_id    bigint   NOT NULL,
    number        bigint   NOT NULL, -- the business number
    at            bigint   NOT NULL,
    state_at      bigint   NOT NULL,
    group_id      bigint   NOT NULL, -- 0: between the business and one person
    person        bigint   NOT NULL, -- the other side; in a group who wrote it, 0 for the business
    batch_id      bigint   NOT NULL, -- the operation that sent many at once, 0
    inbound       smallint NOT NULL,
    state         smallint NOT NULL,
    code          integer  NOT NULL, -- the network's, when it failed
    chat          text     NOT NULL, -- the network's id of the group
    wamid         text, -- NULL until the network has taken it
    kind          text     NOT NULL,
    task_id       text     NOT NULL,
    template_code text     NOT NULL,
    template_name text     NOT NULL,
    language      text     NOT NULL,
    content       text     NOT NULL,
    reason        text     NOT NULL
) WITH (fillfactor = 80);
CREATE INDEX message_wamid ON message (number, wamid) WHERE wamid IS NOT NULL;
CREATE INDEX message_list ON message (number, at, id);
CREATE INDEX message_person ON message (number, person, at, id) WHERE person <> 0;
CREATE INDEX message_batch ON message (batch_id, id) WHERE batch_id <> 0;

-- How far a message of the business has come to each member of its group.
CREATE TABLE message_member (
    message_id bigint   NOT NULL,
    person     bigint   NOT NULL,
    at         bigint   NOT NULL,
    state      smallint NOT NULL,
    PRIMARY KEY (message_id, person)
) WITH (fillfactor = 80);

-- Whom a business number writes to outside of groups, and when they last wrote themselves.
CREATE TABLE conversation (
    id         bigint PRIMARY KEY,
    account_id bigint NOT NULL,
    number     bigint NOT NULL,
    person     bigint NOT NULL,
    wrote_at   bigint NOT NULL, -- 0: never
    UNIQUE (number, person)
);

-- +goose Down
DROP TABLE conversation;
DROP TABLE message_member;
DROP TABLE message;
