-- +goose Up
-- Lists of groups that stay quick however long they get. Each group has a place in the list of its business number: a number that
-- grows by one with each group, so that 256 places are a block, and how many living groups a block holds is known without counting
-- them. Nothing here is written when people come or go.

CREATE TABLE group_list (
    id         INTEGER PRIMARY KEY, -- below 2^31; the index of subjects has it in its keys
    channel_id INTEGER NOT NULL,
    number     INTEGER NOT NULL,
    last_no    INTEGER NOT NULL, -- the place given last
    changes    INTEGER NOT NULL, -- raised by every change of what the list shows or is searched for
    UNIQUE (channel_id, number)
);
INSERT INTO group_list (channel_id, number, last_no, changes)
    SELECT channel_id, number, count(*), 1 FROM chat_group GROUP BY channel_id, number;

-- How many living groups there are in each block of 256 places (level 0), of 65536 (level 1), and in the whole list (level 2): of
-- each status, and with status 0 of all. The stamp of status 0 is the value of group_list.changes when something in the block
-- changed last.
CREATE TABLE group_block (
    list_id INTEGER NOT NULL,
    status  INTEGER NOT NULL,
    level   INTEGER NOT NULL,
    block   INTEGER NOT NULL,
    living  INTEGER NOT NULL,
    stamp   INTEGER NOT NULL,
    PRIMARY KEY (list_id, status, level, block)
) WITHOUT ROWID;

CREATE TABLE chat_group_new (
    id          INTEGER PRIMARY KEY,
    account_id  INTEGER NOT NULL,
    channel_id  INTEGER NOT NULL,
    number      INTEGER NOT NULL,
    list_id     INTEGER NOT NULL,
    list_no     INTEGER NOT NULL, -- its place in the list
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
INSERT INTO chat_group_new SELECT g.id, g.account_id, g.channel_id, g.number, l.id, row_number() OVER (PARTITION BY l.id ORDER BY g.id),
    g.network_id, g.status, g.subject, g.subject_key, g.description, g.picture, g.invite_link, g.created_at, g.modified_at
    FROM chat_group g JOIN group_list l ON l.channel_id = g.channel_id AND l.number = g.number ORDER BY g.id;
DROP TABLE chat_group;
ALTER TABLE chat_group_new RENAME TO chat_group;
CREATE UNIQUE INDEX chat_group_network ON chat_group (network_id);
-- Deleted groups (status 7) are in no list, so that nobody has to step over them. The subject stands in both indexes so
-- that lists are searched without looking at their groups.
CREATE INDEX chat_group_list ON chat_group (list_id, list_no, status, subject_key) WHERE status <> 7;
CREATE INDEX chat_group_status ON chat_group (list_id, status, list_no, subject_key) WHERE status <> 7;

INSERT INTO group_block
    SELECT list_id, status, 0, list_no >> 8, count(*), 1 FROM chat_group WHERE status <> 7 GROUP BY list_id, status, list_no >> 8;
INSERT INTO group_block
    SELECT list_id, 0, 0, block, sum(living), 1 FROM group_block GROUP BY list_id, block;
INSERT INTO group_block
    SELECT list_id, status, 1, block >> 8, sum(living), 1 FROM group_block GROUP BY list_id, status, block >> 8;
INSERT INTO group_block
    SELECT list_id, status, 2, 0, sum(living), 1 FROM group_block WHERE level = 1 GROUP BY list_id, status;

-- Which subjects have which three characters in a row. Its keys are list and place, so that a search reads one list alone, from
-- its end. It keeps no text of its own.
CREATE VIRTUAL TABLE subject_index USING fts5 (subject_key, content = '', columnsize = 0, detail = none, tokenize = 'trigram case_sensitive 1');
-- Small pages let it skip where one piece of a text is common and another is rare.
INSERT INTO subject_index (subject_index, rank) VALUES ('pgsz', 256);
INSERT INTO subject_index (rowid, subject_key)
    SELECT list_id << 32 | list_no, subject_key FROM chat_group WHERE status <> 7 ORDER BY list_id, list_no;

-- +goose StatementBegin
CREATE TRIGGER chat_group_added AFTER INSERT ON chat_group WHEN new.status <> 7 BEGIN
    INSERT INTO subject_index (rowid, subject_key) VALUES (new.list_id << 32 | new.list_no, new.subject_key);
END;
-- +goose StatementEnd
-- One trigger, because the order of two is not defined, and what is taken away has to go first.
-- +goose StatementBegin
CREATE TRIGGER chat_group_changed AFTER UPDATE OF status, subject_key ON chat_group
WHEN new.subject_key <> old.subject_key OR (new.status = 7) <> (old.status = 7) BEGIN
    INSERT INTO subject_index (subject_index, rowid, subject_key)
        SELECT 'delete', old.list_id << 32 | old.list_no, old.subject_key WHERE old.status <> 7;
    INSERT INTO subject_index (rowid, subject_key)
        SELECT new.list_id << 32 | new.list_no, new.subject_key WHERE new.status <> 7;
END;
-- +goose StatementEnd

-- Dead items are looked for by themselves, and are few among the living.
CREATE INDEX outbox_dead ON outbox (id) WHERE dead = 1;

-- +goose Down
DROP INDEX outbox_dead;
DROP TABLE subject_index;
CREATE TABLE chat_group_old (
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
INSERT INTO chat_group_old SELECT id, account_id, channel_id, number, network_id, status, subject, subject_key, description, picture,
    invite_link, created_at, modified_at FROM chat_group ORDER BY id;
DROP TABLE chat_group;
ALTER TABLE chat_group_old RENAME TO chat_group;
CREATE UNIQUE INDEX chat_group_network ON chat_group (network_id);
CREATE INDEX chat_group_list ON chat_group (channel_id, number, id);
DROP TABLE group_block;
DROP TABLE group_list;
