-- +goose Up
-- The same tables as SQLite's, with integer keys and narrow rows. Times are milliseconds since 1970, except where a column says otherwise.

-- Keys for everything that is made: milliseconds since 1970 times 2^20, and what was taken within them. A taker gets 4096 at once.
CREATE SEQUENCE ids AS bigint INCREMENT BY 4096 START WITH 4096;

-- One row: what this database is for, and something sealed that tells whether a node has the right key.
CREATE TABLE installation (
    id    bigint PRIMARY KEY,
    kind  text   NOT NULL, -- production or development
    state text   NOT NULL, -- ready, or copying until a copy into it is whole
    probe bytea  NOT NULL  -- sealed
);

CREATE TABLE account (
    id         bigint   PRIMARY KEY,
    name       text     NOT NULL,
    beta       smallint NOT NULL DEFAULT 0,
    created_at bigint   NOT NULL
);

CREATE TABLE ram_user (
    id           bigint PRIMARY KEY,
    account_id   bigint NOT NULL,
    name         text   NOT NULL,
    display_name text   NOT NULL,
    created_at   bigint NOT NULL,
    UNIQUE (account_id, name)
);

CREATE TABLE access_key (
    id         text     PRIMARY KEY,
    account_id bigint   NOT NULL,
    user_id    bigint   NOT NULL, -- 0: the account itself
    secret     bytea    NOT NULL, -- sealed
    active     smallint NOT NULL,
    created_at bigint   NOT NULL
);
CREATE INDEX access_key_owner ON access_key (account_id, user_id);

CREATE TABLE policy (
    account_id  bigint NOT NULL,
    name        text   NOT NULL,
    description text   NOT NULL,
    document    text   NOT NULL,
    created_at  bigint NOT NULL,
    PRIMARY KEY (account_id, name)
);

CREATE TABLE attachment (
    account_id bigint NOT NULL,
    user_id    bigint NOT NULL,
    kind       text   NOT NULL, -- System or Custom
    policy     text   NOT NULL,
    PRIMARY KEY (account_id, user_id, kind, policy)
);

-- One row, raised by every change of accounts, users, keys, policies and channels; whoever caches them compares it.
CREATE TABLE generation (
    id    bigint PRIMARY KEY,
    value bigint NOT NULL
);
INSERT INTO generation (id, value) VALUES (1, 1);

CREATE TABLE channel (
    id         bigint PRIMARY KEY,
    account_id bigint NOT NULL,
    space_id   text   NOT NULL UNIQUE,
    name       text   NOT NULL,
    created_at bigint NOT NULL
);

CREATE TABLE business_number (
    number          bigint PRIMARY KEY,
    account_id      bigint NOT NULL,
    channel_id      bigint NOT NULL,
    phone_number_id text   NOT NULL UNIQUE,
    waba_id         text   NOT NULL,
    token           bytea  NOT NULL, -- sealed
    created_at      bigint NOT NULL
);

CREATE TABLE chat_group (
    id          bigint   PRIMARY KEY,
    account_id  bigint   NOT NULL,
    channel_id  bigint   NOT NULL,
    number      bigint   NOT NULL,
    created_at  bigint   NOT NULL,
    modified_at bigint   NOT NULL,
    status      smallint NOT NULL,
    network_id  text     UNIQUE, -- NULL until the network has given one
    subject     text     NOT NULL,
    subject_key text     NOT NULL, -- the subject without case, for searching
    description text     NOT NULL,
    picture     text     NOT NULL,
    invite_link text     NOT NULL
);
CREATE INDEX chat_group_list ON chat_group (channel_id, number, id);

CREATE TABLE participant (
    group_id     bigint   NOT NULL,
    number       bigint   NOT NULL,
    since        bigint   NOT NULL, -- seconds, as the network counts
    operation_id bigint   NOT NULL,
    state        smallint NOT NULL,
    PRIMARY KEY (group_id, number)
) WITH (fillfactor = 80);

-- One row for each change that was asked for: the audit record, and what a caller waits for.
CREATE TABLE operation (
    id            bigint   PRIMARY KEY,
    account_id    bigint   NOT NULL,
    group_id      bigint   NOT NULL,
    nonce         bigint   NOT NULL,
    at            bigint   NOT NULL,
    done_at       bigint   NOT NULL,
    kind          smallint NOT NULL,
    state         smallint NOT NULL,
    action        text     NOT NULL,
    principal     text     NOT NULL,
    access_key    text     NOT NULL,
    source        text     NOT NULL,
    request_id    text     NOT NULL,
    client_token  text, -- NULL when the caller gave none
    params_digest text     NOT NULL,
    people        text     NOT NULL,
    result        text     NOT NULL,
    code          text     NOT NULL,
    message       text     NOT NULL
) WITH (fillfactor = 80);
CREATE UNIQUE INDEX operation_token ON operation (account_id, client_token) WHERE client_token IS NOT NULL;
CREATE INDEX operation_account ON operation (account_id, id);

-- Work to be done in order for each lane. Ids grow in the order of acceptance, over all nodes.
CREATE TABLE outbox (
    lane_kind    smallint NOT NULL,
    dead         smallint NOT NULL,
    kind         smallint NOT NULL,
    attempts     integer  NOT NULL,
    lane_id      bigint   NOT NULL,
    id           bigint   NOT NULL,
    operation_id bigint   NOT NULL,
    next_at      bigint   NOT NULL,
    owner        bigint   NOT NULL, -- the node that runs the lane
    ref          text, -- what the network's report will be known by, when that must outlive a crash
    payload      bytea,
    failure      text     NOT NULL,
    PRIMARY KEY (lane_kind, lane_id, id)
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 0);
CREATE INDEX outbox_ref ON outbox (ref) WHERE ref IS NOT NULL;

-- What happened in groups, as it happened.
CREATE TABLE event (
    id           bigint PRIMARY KEY,
    account_id   bigint NOT NULL,
    group_id     bigint NOT NULL,
    operation_id bigint NOT NULL,
    at           bigint NOT NULL,
    kind         text   NOT NULL,
    body         text   NOT NULL
);
CREATE INDEX event_account ON event (account_id, id);

-- Reports of the network about groups and requests that we do not know, or do not know yet.
CREATE TABLE parked_report (
    id          bigint PRIMARY KEY,
    network_id  text   NOT NULL,
    ref         text   NOT NULL,
    dedupe      text   NOT NULL UNIQUE,
    received_at bigint NOT NULL,
    body        bytea  NOT NULL
);
CREATE INDEX parked_report_network ON parked_report (network_id);
CREATE INDEX parked_report_ref ON parked_report (ref);

-- Nonces that were used, as keyed hashes, by all nodes.
CREATE TABLE nonce (
    hash bigint PRIMARY KEY,
    at   bigint NOT NULL,
    tag  bigint NOT NULL -- of those who brought it together
);
CREATE INDEX nonce_at ON nonce (at);

-- The processes that share this database. One whose time is up has no lanes any more.
CREATE TABLE node (
    id    bigint PRIMARY KEY,
    run   bigint NOT NULL, -- of the process, so that two with the same id are told apart
    until bigint NOT NULL  -- by the database's clock
);

-- Reports of the network that another node has to take in, because it runs the lane they are about.
CREATE TABLE inbox (
    id   bigint PRIMARY KEY,
    node bigint NOT NULL,
    body bytea  NOT NULL
);

-- How often an account may call an action: the time up to which its calls have been spent, in microseconds.
CREATE TABLE throttle (
    account_id bigint   NOT NULL,
    action     text     NOT NULL,
    refused    smallint NOT NULL, -- of the calls that policy refuses
    spent      bigint   NOT NULL,
    PRIMARY KEY (account_id, action, refused)
);

-- +goose Down
DROP TABLE throttle;
DROP TABLE inbox;
DROP TABLE node;
DROP TABLE nonce;
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
DROP TABLE installation;
DROP SEQUENCE ids;
