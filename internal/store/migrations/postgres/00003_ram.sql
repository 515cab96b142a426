-- +goose Up
-- Versions of policies, groups of users, and roles: see the same step for SQLite.

ALTER TABLE ram_user ADD COLUMN comments text NOT NULL DEFAULT '', ADD COLUMN email text NOT NULL DEFAULT '',
    ADD COLUMN mobile_phone text NOT NULL DEFAULT '', ADD COLUMN updated_at bigint NOT NULL DEFAULT 0;
UPDATE ram_user SET updated_at = created_at;

CREATE TABLE policy_version (
    account_id bigint NOT NULL,
    policy     text   NOT NULL,
    version    bigint NOT NULL, -- 1 for v1
    document   text   NOT NULL,
    created_at bigint NOT NULL,
    PRIMARY KEY (account_id, policy, version)
);
INSERT INTO policy_version (account_id, policy, version, document, created_at) SELECT account_id, name, 1, document, created_at FROM policy;

-- default_version is the one that holds, last_version the number given last; none is given twice.
ALTER TABLE policy DROP COLUMN document, ADD COLUMN default_version bigint NOT NULL DEFAULT 1,
    ADD COLUMN last_version bigint NOT NULL DEFAULT 1, ADD COLUMN updated_at bigint NOT NULL DEFAULT 0;
UPDATE policy SET updated_at = created_at;

CREATE TABLE ram_group (
    id         bigint PRIMARY KEY,
    account_id bigint NOT NULL,
    name       text   NOT NULL,
    comments   text   NOT NULL,
    created_at bigint NOT NULL,
    updated_at bigint NOT NULL,
    UNIQUE (account_id, name)
);

CREATE TABLE ram_membership (
    account_id bigint NOT NULL,
    user_id    bigint NOT NULL,
    group_id   bigint NOT NULL,
    joined_at  bigint NOT NULL,
    PRIMARY KEY (account_id, user_id, group_id)
);
CREATE INDEX ram_membership_group ON ram_membership (account_id, group_id);

CREATE TABLE ram_role (
    id          bigint PRIMARY KEY,
    account_id  bigint NOT NULL,
    name        text   NOT NULL,
    description text   NOT NULL,
    trust       text   NOT NULL, -- the document that says who may take it
    max_session bigint NOT NULL, -- seconds
    created_at  bigint NOT NULL,
    updated_at  bigint NOT NULL,
    UNIQUE (account_id, name)
);

-- One of the three ids says what the policy is attached to; the others are 0.
ALTER TABLE attachment DROP CONSTRAINT attachment_pkey;
ALTER TABLE attachment ADD COLUMN group_id bigint NOT NULL DEFAULT 0, ADD COLUMN role_id bigint NOT NULL DEFAULT 0,
    ADD COLUMN attached_at bigint NOT NULL DEFAULT 0;
ALTER TABLE attachment ADD PRIMARY KEY (account_id, user_id, group_id, role_id, kind, policy);
CREATE INDEX attachment_policy ON attachment (account_id, kind, policy);

-- +goose Down
DROP INDEX attachment_policy;
DELETE FROM attachment WHERE user_id = 0;
ALTER TABLE attachment DROP CONSTRAINT attachment_pkey;
ALTER TABLE attachment DROP COLUMN attached_at, DROP COLUMN role_id, DROP COLUMN group_id;
ALTER TABLE attachment ADD PRIMARY KEY (account_id, user_id, kind, policy);
DROP TABLE ram_role;
DROP TABLE ram_membership;
DROP TABLE ram_group;
ALTER TABLE policy ADD COLUMN document text NOT NULL DEFAULT '';
UPDATE policy SET document = v.document FROM policy_version v
    WHERE v.account_id = policy.account_id AND v.policy = policy.name AND v.version = policy.default_version;
ALTER TABLE policy DROP COLUMN updated_at, DROP COLUMN last_version, DROP COLUMN default_version;
DROP TABLE policy_version;
ALTER TABLE ram_user DROP COLUMN updated_at, DROP COLUMN mobile_phone, DROP COLUMN email, DROP COLUMN comments;
