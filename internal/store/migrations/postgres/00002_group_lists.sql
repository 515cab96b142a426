-- +goose Up
-- Lists of groups that stay quick however long they get: see the same step for SQLite.

CREATE TABLE group_list (
    id         bigint PRIMARY KEY,
    channel_id bigint NOT NULL,
    number     bigint NOT NULL,
    last_no    bigint NOT NULL, -- the place given last
    changes    bigint NOT NULL, -- raised by every change of what the list shows or is searched for
    UNIQUE (channel_id, number)
) WITH (fillfactor = 50);
INSERT INTO group_list (id, channel_id, number, last_no, changes)
    SELECT row_number() OVER (ORDER BY channel_id, number), channel_id, number, count(*), 1 FROM chat_group GROUP BY channel_id, number;

-- How many living groups there are in each block of 256 places (level 0), of 65536 (level 1), and in the whole list (level 2): of
-- each status, and with status 0 of all. The stamp of status 0 is the value of group_list.changes when something in the block
-- changed last.
CREATE TABLE group_block (
    list_id bigint   NOT NULL,
    block   bigint   NOT NULL,
    stamp   bigint   NOT NULL,
    living  bigint   NOT NULL,
    status  smallint NOT NULL,
    level   smallint NOT NULL,
    PRIMARY KEY (list_id, status, level, block)
) WITH (fillfactor = 70);

ALTER TABLE chat_group ADD COLUMN list_id bigint, ADD COLUMN list_no bigint; -- its place in the list
UPDATE chat_group SET list_id = l.id, list_no = p.no
    FROM (SELECT id, channel_id, number, row_number() OVER (PARTITION BY channel_id, number ORDER BY id) AS no FROM chat_group) AS p
    JOIN group_list l ON l.channel_id = p.channel_id AND l.number = p.number
    WHERE p.id = chat_group.id;
ALTER TABLE chat_group ALTER COLUMN list_id SET NOT NULL, ALTER COLUMN list_no SET NOT NULL;

INSERT INTO group_block (list_id, status, level, block, living, stamp)
    SELECT list_id, status, 0, list_no >> 8, count(*), 1 FROM chat_group WHERE status <> 7 GROUP BY list_id, status, list_no >> 8;
INSERT INTO group_block (list_id, status, level, block, living, stamp)
    SELECT list_id, 0, 0, block, sum(living), 1 FROM group_block GROUP BY list_id, block;
INSERT INTO group_block (list_id, status, level, block, living, stamp)
    SELECT list_id, status, 1, block >> 8, sum(living), 1 FROM group_block GROUP BY list_id, status, block >> 8;
INSERT INTO group_block (list_id, status, level, block, living, stamp)
    SELECT list_id, status, 2, 0, sum(living), 1 FROM group_block WHERE level = 1 GROUP BY list_id, status;

-- Deleted groups (status 7) are in no list, so that nobody has to step over them. The subject stands in both indexes so
-- that lists are searched without looking at their groups.
DROP INDEX chat_group_list;
CREATE INDEX chat_group_list ON chat_group (list_id, list_no) INCLUDE (status, subject_key) WHERE status <> 7;
CREATE INDEX chat_group_status ON chat_group (list_id, status, list_no) INCLUDE (subject_key) WHERE status <> 7;

-- All three characters in a row of a subject, each with the list it is in; NULL for a shorter text. The index answers searches.
-- +goose StatementBegin
CREATE FUNCTION subject_grams(list bigint, subject text) RETURNS text[] LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE COST 10000 AS $$
DECLARE
    head  text := list::text || ':';
    grams text[];
BEGIN
    FOR i IN 1 .. char_length(subject) - 2 LOOP
        grams[i] := head || substr(subject, i, 3);
    END LOOP;
    RETURN grams;
END
$$;
-- +goose StatementEnd
CREATE INDEX chat_group_grams ON chat_group USING gin (subject_grams(list_id, subject_key)) WHERE status <> 7;

CREATE INDEX outbox_dead ON outbox (id) WHERE dead = 1;

-- +goose Down
DROP INDEX outbox_dead;
DROP INDEX chat_group_grams;
DROP FUNCTION subject_grams;
DROP INDEX chat_group_status;
DROP INDEX chat_group_list;
ALTER TABLE chat_group DROP COLUMN list_no, DROP COLUMN list_id;
CREATE INDEX chat_group_list ON chat_group (channel_id, number, id);
DROP TABLE group_block;
DROP TABLE group_list;
