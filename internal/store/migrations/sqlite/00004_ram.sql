-- +goose Up
-- Versions of policies, groups of users, and roles. All of it is read when a key is used for the first time after a change, never by
-- each request.

ALTER TABLE ram_user ADD COLUMN comments TEXT NOT NULL DEFAULT '';
ALTER TABLE ram_user ADD COLUMN email TEXT NOT NULL DEFAULT '';
ALTER TABLE ram_user ADD COLUMN mobile_phone TEXT NOT NULL DEFAULT '';
ALTER TABLE ram_user ADD COLUMN updated_at INTEGER NOT NULL DEFAULT 0;
UPDATE ram_user SET updated_at = created_at;

CREATE TABLE policy_version (
    account_id INTEGER NOT NULL,
    policy     TEXT    NOT NULL,
    version    INTEGER NOT NULL, -- 1 for v1
    document   TEXT    NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (account_id, policy, version)
) WITHOUT ROWID;
INSERT INTO policy_version SELECT account_id, name, 1, document, created_at FROM policy;

ALTER TABLE policy DROP COLUMN document;
ALTER TABLE policy ADD COLUMN default_version INTEGER NOT NULL DEFAULT 1; -- the one that holds
ALTER TABLE policy ADD COLUMN last_version INTEGER NOT NULL DEFAULT 1; -- the number given last; none is given twice
ALTER TABLE policy ADD COLUMN updated_at INTEGER NOT NULL DEFAULT 0;
UPDATE policy SET updated_at = created_at;

CREATE TABLE ram_group (
    id         INTEGER PRIMARY KEY,
    account_id INTEGER NOT NULL,
    name       TEXT    NOT NULL,
    comments   TEXT    NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    UNIQUE (account_id, name)
);

CREATE TABLE ram_membership (
    account_id INTEGER NOT NULL,
    user_id    INTEGER NOT NULL,
    group_id   INTEGER NOT NULL,
    joined_at  INTEGER NOT NULL,
    PRIMARY KEY (account_id, user_id, group_id)
) WITHOUT ROWID;
CREATE INDEX ram_membership_group ON ram_membership (account_id, group_id);

CREATE TABLE ram_role (
    id           INTEGER PRIMARY KEY,
    account_id   INTEGER NOT NULL,
    name         TEXT    NOT NULL,
    description  TEXT    NOT NULL,
    trust        TEXT    NOT NULL, -- the document that says who may take it
    max_session  INTEGER NOT NULL, -- seconds
    created_at   INTEGER NOT NULL,
    updated_at   INTEGER NOT NULL,
    UNIQUE (account_id, name)
);

-- One of the three ids says what the policy is attached to; the others are 0.
CREATE TABLE attachment_new (
    account_id  INTEGER NOT NULL,
    user_id     INTEGER NOT NULL,
    group_id    INTEGER NOT NULL,
    role_id     INTEGER NOT NULL,
    kind        TEXT    NOT NULL, -- System or Custom
    policy      TEXT    NOT NULL,
    attached_at INTEGER NOT NULL,
    PRIMARY KEY (account_id, user_id, group_id, role_id, kind, policy)
) WITHOUT ROWID;
INSERT INTO attachment_new SELECT account_id, user_id, 0, 0, kind, policy, 0 FROM attachment;
DROP TABLE attachment;
ALTER TABLE attachment_new RENAME TO attachment;
CREATE INDEX attachment_policy ON attachment (account_id, kind, policy);

-- +goose Down
DROP INDEX attachment_policy;
CREATE TABLE attachment_old (
    account_id INTEGER NOT NULL,
    user_id    INTEGER NOT NULL,
    kind       TEXT    NOT NULL, -- System or Custom
    policy     TEXT    NOT NULL,
    PRIMARY KEY (account_id, user_id, kind, policy)
) WITHOUT ROWID;
INSERT INTO attachment_old SELECT account_id, user_id, kind, policy FROM attachment WHERE user_id <> 0;
DROP TABLE attachment;
ALTER TABLE attachment_old RENAME TO attachment;
DROP TABLE ram_role;
DROP TABLE ram_membership;
DROP TABLE ram_group;
ALTER TABLE policy ADD COLUMN document TEXT NOT NULL DEFAULT '';
UPDATE policy SET document = (SELECT v.document FROM policy_version v
    WHERE v.account_id = policy.account_id AND v.policy = policy.name AND v.version = policy.default_version);
ALTER TABLE policy DROP COLUMN updated_at;
ALTER TABLE policy DROP COLUMN last_version;
ALTER TABLE policy DROP COLUMN default_version;
DROP TABLE policy_version;
ALTER TABLE ram_user DROP COLUMN updated_at;
ALTER TABLE ram_user DROP COLUMN mobile_phone;
ALTER TABLE ram_user DROP COLUMN email;
ALTER TABLE ram_user DROP COLUMN comments;
