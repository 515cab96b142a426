-- +goose Up
-- Receipts: see the same step for SQLite.
CREATE TABLE callback (
    channel_id bigint NOT NULL,
    number     bigint NOT NULL,
    account_id bigint NOT NULL,
    changed_at bigint NOT NULL,
    status_url text   NOT NULL,
    up_url     text   NOT NULL,
    http       text   NOT NULL, -- Y, N, or empty when nobody has said
    queue      text   NOT NULL, -- likewise
    secret     bytea,           -- sealed; NULL when receipts are not signed
    PRIMARY KEY (channel_id, number)
);

-- How many events of a group have been numbered, as far as they have been forgotten.
ALTER TABLE chat_group ADD COLUMN told bigint NOT NULL DEFAULT 0;

-- Events of different groups are committed in another order than that of their keys, so each is given its place in the stream only
-- when somebody reads: by whoever holds the stream, who then sees all that was committed before.
ALTER TABLE event ADD COLUMN number bigint NOT NULL DEFAULT 0, ADD COLUMN seq bigint NOT NULL DEFAULT 0, ADD COLUMN place bigint NOT NULL DEFAULT 0,
    ADD COLUMN dedupe text;
UPDATE event SET number = coalesce((SELECT g.number FROM chat_group g WHERE g.id = event.group_id), 0), place = event.id, seq = numbered.seq
    FROM (SELECT id, row_number() OVER (PARTITION BY group_id ORDER BY id) AS seq FROM event) AS numbered WHERE numbered.id = event.id;
DROP INDEX event_account;
CREATE UNIQUE INDEX event_group ON event (group_id, seq) WHERE seq > 0;
CREATE INDEX event_place ON event (number, place) WHERE place > 0;
CREATE INDEX event_stream ON event (group_id, place) WHERE place > 0; -- costs nothing until somebody pulls
CREATE INDEX event_unplaced ON event (number, id) WHERE place = 0;
CREATE UNIQUE INDEX event_dedupe ON event (dedupe) WHERE dedupe IS NOT NULL;

-- +goose Down
DROP INDEX event_dedupe;
DROP INDEX event_unplaced;
DROP INDEX event_stream;
DROP INDEX event_place;
DROP INDEX event_group;
CREATE INDEX event_account ON event (account_id, id);
DELETE FROM event WHERE seq = 0;
DELETE FROM outbox WHERE lane_kind = 2;
ALTER TABLE event DROP COLUMN dedupe, DROP COLUMN place, DROP COLUMN seq, DROP COLUMN number;
ALTER TABLE chat_group DROP COLUMN told;
DROP TABLE callback;
