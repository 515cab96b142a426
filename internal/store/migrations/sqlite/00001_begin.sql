-- +goose Up
-- Integer keys and narrow rows: a removal should dirty few pages. Times are milliseconds since 1970, except where a column says otherwise.

CREATE TABLE account (
    id         INTEGER PRIMARY KEY,
    name       TEXT    NOT NULL,
    beta       INTEGER NOT NULL DEFAULT 0,
    created_at INTEGER NOT NULL
);

CREATE TABLE ram_user (
    id           INTEGER PRIMARY KEY,
    account_id   INTEGER NOT NULL,
    name         TEXT    NOT NULL,
    display_name TEXT    NOT NULL,
    created_at   INTEGER NOT NULL,
    UNIQUE (account_id, name)
);

CREATE TABLE access_key (
    id         TEXT    PRIMARY KEY,
    account_id INTEGER NOT NULL,
    user_id    INTEGER NOT NULL, -- 0: the account itself
    secret     BLOB    NOT NULL, -- sealed
    active     INTEGER NOT NULL,
    created_at INTEGER NOT NULL
);
CREATE INDEX access_key_owner ON access_key (account_id, user_id);

CREATE TABLE policy (
    account_id  INTEGER NOT NULL,
    name        TEXT    NOT NULL,
    description TEXT    NOT NULL,
    document    TEXT    NOT NULL,
    created_at  INTEGER NOT NULL,
    PRIMARY KEY (account_id, name)
) WITHOUT ROWID;

CREATE TABLE attachment (
    account_id INTEGER NOT NULL,
    user_id    INTEGER NOT NULL,
    kind       TEXT    NOT NULL, -- System or Custom
    policy     TEXT    NOT NULL,
    PRIMARY KEY (account_id, user_id, kind, policy)
) WITHOUT ROWID;

-- One row, raised by every change of accounts, users, keys, policies and channels; whoever caches them compares it.
CREATE TABLE generation (
    id    INTEGER PRIMARY KEY,
    value INTEGER NOT NULL
);
INSERT INTO generation (id, value) VALUES (1, 1);

CREATE TABLE channel (
    id         INTEGER PRIMARY KEY,
    account_id INTEGER NOT NULL,
    space_id   TEXT    NOT NULL UNIQUE,
    name       TEXT    NOT NULL,
    created_at INTEGER NOT NULL
);

CREATE TABLE business_number (
    number          INTEGER PRIMARY KEY,
    account_id      INTEGER NOT NULL,
    channel_id      INTEGER NOT NULL,
    phone_number_id TEXT    NOT NULL UNIQUE,
    waba_id         TEXT    NOT NULL,
    token           BLOB    NOT NULL, -- sealed
    created_at      INTEGER NOT NULL
);

CREATE TABLE chat_group (
    id          INTEGER PRIMARY KEY,
    account_id  INTEGER NOT NULL,
    channel_id  INTEGER NOT NULL,
    number      INTEGER NOT NULL,
    network_id  TEXT, -- NULL until the network has given one
    status      INTEGER NOT NULL,
    subject     TEXT    NOT NULL,
    subject_key TEXT    NOT NULL, -- the subject without case, for searching
    description TEXT    NOT NULL,
    picture     TEXT    NOT NULL,
    invite_link TEXT    NOT NULL,
    created_at  INTEGER NOT NULL,
    modified_at INTEGER NOT NULL
);
CREATE UNIQUE INDEX chat_group_network ON chat_group (network_id);
CREATE INDEX chat_group_list ON chat_group (channel_id, number, id);

CREATE TABLE participant (
    group_id     INTEGER NOT NULL,
    number       INTEGER NOT NULL,
    state        INTEGER NOT NULL,
    since        INTEGER NOT NULL, -- seconds, as the network counts
    operation_id INTEGER NOT NULL,
    PRIMARY KEY (group_id, number)
) WITHOUT ROWID;

-- One row for each change that was asked for: the audit record, and what a caller waits for.
CREATE TABLE operation (
    id            INTEGER PRIMARY KEY,
    account_id    INTEGER NOT NULL,
    group_id      INTEGER NOT NULL,
    kind          INTEGER NOT NULL,
    state         INTEGER NOT NULL,
    action        TEXT    NOT NULL,
    principal     TEXT    NOT NULL,
    access_key    TEXT    NOT NULL,
    source        TEXT    NOT NULL,
    request_id    TEXT    NOT NULL,
    nonce         INTEGER NOT NULL,
    client_token  TEXT, -- NULL when the caller gave none
    params_digest TEXT    NOT NULL,
    at            INTEGER NOT NULL,
    done_at       INTEGER NOT NULL,
    people        TEXT    NOT NULL,
    result        TEXT    NOT NULL,
    code          TEXT    NOT NULL,
    message       TEXT    NOT NULL
);
CREATE UNIQUE INDEX operation_token ON operation (account_id, client_token) WHERE client_token IS NOT NULL;

-- Work to be done in order for each lane. Ids grow in the order of acceptance.
CREATE TABLE outbox (
    lane_kind    INTEGER NOT NULL,
    lane_id      INTEGER NOT NULL,
    id           INTEGER NOT NULL,
    kind         INTEGER NOT NULL,
    operation_id INTEGER NOT NULL,
    attempts     INTEGER NOT NULL,
    next_at      INTEGER NOT NULL,
    dead         INTEGER NOT NULL,
    ref          TEXT, -- what the network's report will be known by, when that must outlive a crash
    payload      BLOB,
    failure      TEXT    NOT NULL,
    PRIMARY KEY (lane_kind, lane_id, id)
) WITHOUT ROWID;
CREATE INDEX outbox_ref ON outbox (ref) WHERE ref IS NOT NULL;

-- What happened in groups, as it happened.
CREATE TABLE event (
    id           INTEGER PRIMARY KEY,
    account_id   INTEGER NOT NULL,
    group_id     INTEGER NOT NULL,
    kind         TEXT    NOT NULL,
    operation_id INTEGER NOT NULL,
    at           INTEGER NOT NULL,
    body         TEXT    NOT NULL
);

-- Reports of the network about groups and requests that we do not know, or do not know yet.
CREATE TABLE parked_report (
    id          INTEGER PRIMARY KEY,
    network_id  TEXT    NOT NULL,
    ref         TEXT    NOT NULL,
    dedupe      TEXT    NOT NULL UNIQUE,
    received_at INTEGER NOT NULL,
    body        BLOB    NOT NULL
);
CREATE INDEX parked_report_network ON parked_report (network_id);
CREATE INDEX parked_report_ref ON parked_report (ref);

-- +goose Down
DROP TABLE parked_report;
DROP TABLE event;
DROP TABLE outbox;
DROP TABLE operation;
DROP TABLE participant;
DROP TABLE chat_group;
DROP TABLE business_number;
DROP TABLE channel;
DROP TABLE generation;
DROP TABLE attachment;
DROP TABLE policy;
DROP TABLE access_key;
DROP TABLE ram_user;
DROP TABLE account;
