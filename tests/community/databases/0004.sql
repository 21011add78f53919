BEGIN TRANSACTION;
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('0004');
CREATE TABLE auditline (
	seq INTEGER NOT NULL, 
	at FLOAT NOT NULL, 
	actor VARCHAR(64) NOT NULL, 
	act VARCHAR(64) NOT NULL, 
	target TEXT NOT NULL, 
	prev BLOB NOT NULL, 
	hash BLOB NOT NULL, 
	PRIMARY KEY (seq)
);
INSERT INTO "auditline" VALUES(1,1800000000.0,'演示经理','drill start','1',X'0000000000000000000000000000000000000000000000000000000000000000',X'7F84454D19C4073150704FBDDBAD09AF1B34E8E94177A50D83F773E3241F911D');
INSERT INTO "auditline" VALUES(2,1800000000.0,'command line','witnesses','witness/committee, witness/relay, witness/third',X'7F84454D19C4073150704FBDDBAD09AF1B34E8E94177A50D83F773E3241F911D',X'DFBE53AD599BC610589105C270903EDB0688CF1EA336DBF7DB601C15D1D0D968');
CREATE TABLE building (
	code VARCHAR(32) NOT NULL, 
	name_zh VARCHAR(64) NOT NULL, 
	name_en VARCHAR(64) NOT NULL, 
	x INTEGER NOT NULL, 
	y INTEGER NOT NULL, 
	width INTEGER NOT NULL, 
	height INTEGER NOT NULL, 
	PRIMARY KEY (code)
);
INSERT INTO "building" VALUES('1','1 栋','Building 1',90,90,240,110);
INSERT INTO "building" VALUES('2','2 栋','Building 2',520,90,240,110);
CREATE TABLE code (
	id INTEGER NOT NULL, 
	kind VARCHAR(8) NOT NULL, 
	flat_id INTEGER, 
	secret_hash BLOB NOT NULL, 
	made_at FLOAT NOT NULL, 
	made_by VARCHAR(64) NOT NULL, 
	used_at FLOAT, 
	ended_at FLOAT, 
	PRIMARY KEY (id), 
	FOREIGN KEY(flat_id) REFERENCES flat (id), 
	UNIQUE (secret_hash)
);
CREATE TABLE count (
	name VARCHAR(32) NOT NULL, 
	value INTEGER NOT NULL, 
	PRIMARY KEY (name)
);
CREATE TABLE event (
	id INTEGER NOT NULL, 
	nonce BLOB NOT NULL, 
	seq INTEGER NOT NULL, 
	body BLOB NOT NULL, 
	content BLOB NOT NULL, 
	received_at FLOAT NOT NULL, 
	PRIMARY KEY (id), 
	CONSTRAINT uq_event_nonce_seq UNIQUE (nonce, seq)
);
CREATE TABLE flat (
	id INTEGER NOT NULL, 
	building VARCHAR(32) NOT NULL, 
	riser VARCHAR(32) NOT NULL, 
	label VARCHAR(32) NOT NULL, 
	PRIMARY KEY (id), 
	FOREIGN KEY(building) REFERENCES building (code), 
	CONSTRAINT uq_flat_path UNIQUE (building, riser, label)
);
INSERT INTO "flat" VALUES(1,'1','1','101');
INSERT INTO "flat" VALUES(2,'2','1','202');
CREATE TABLE incident (
	id INTEGER NOT NULL, 
	nonce BLOB NOT NULL, 
	hazard VARCHAR(24) NOT NULL, 
	level INTEGER NOT NULL, 
	zone INTEGER, 
	zone_version INTEGER, 
	place_zh VARCHAR(120) NOT NULL, 
	place_en VARCHAR(120) NOT NULL, 
	building VARCHAR(32), 
	homes INTEGER NOT NULL, 
	drill BOOLEAN NOT NULL, 
	test BOOLEAN NOT NULL, 
	late BOOLEAN NOT NULL, 
	status VARCHAR(16) NOT NULL, 
	word VARCHAR(16) NOT NULL, 
	version INTEGER NOT NULL, 
	raised_at FLOAT NOT NULL, 
	changed_at FLOAT NOT NULL, 
	acknowledged_at FLOAT, 
	acknowledged_by VARCHAR(64), 
	escalated_at FLOAT, 
	closed_at FLOAT, 
	PRIMARY KEY (id), 
	UNIQUE (nonce)
);
INSERT INTO "incident" VALUES(1,X'E07DDF5E1454AC7226C5D352D1B30D54179A51384C1F2F7F7500FD2AF2C54A44','gas',1,NULL,NULL,'演示小区','Demo','1',2,1,0,0,'raised','raised',1,1800000000.0,1800000000.0,NULL,NULL,NULL,NULL);
CREATE TABLE incidentflat (
	incident_id INTEGER NOT NULL, 
	sealed BLOB NOT NULL, 
	PRIMARY KEY (incident_id), 
	FOREIGN KEY(incident_id) REFERENCES incident (id)
);
INSERT INTO "incidentflat" VALUES(1,X'000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F2021222324252627');
CREATE TABLE incidentline (
	id INTEGER NOT NULL, 
	incident_id INTEGER NOT NULL, 
	at FLOAT NOT NULL, 
	what VARCHAR(24) NOT NULL, 
	who VARCHAR(64) NOT NULL, 
	note TEXT NOT NULL, 
	PRIMARY KEY (id), 
	FOREIGN KEY(incident_id) REFERENCES incident (id)
);
INSERT INTO "incidentline" VALUES(1,1,1800000000.0,'raised','演示经理','');
CREATE TABLE incidentstep (
	incident_id INTEGER NOT NULL, 
	step VARCHAR(32) NOT NULL, 
	done_at FLOAT NOT NULL, 
	done_by VARCHAR(64) NOT NULL, 
	PRIMARY KEY (incident_id, step), 
	FOREIGN KEY(incident_id) REFERENCES incident (id)
);
CREATE TABLE issuance (
	flat_id INTEGER NOT NULL, 
	allotment VARCHAR(8) NOT NULL, 
	number INTEGER NOT NULL, 
	digest BLOB NOT NULL, 
	issued_at FLOAT NOT NULL, 
	PRIMARY KEY (flat_id, allotment, number), 
	FOREIGN KEY(flat_id) REFERENCES flat (id)
);
INSERT INTO "issuance" VALUES(1,'epoch',44,X'0000000000000000000000000000000000000000000000000000000000000000',1800000000.0);
CREATE TABLE logentry (
	place INTEGER NOT NULL, 
	entry BLOB NOT NULL, 
	PRIMARY KEY (place)
);
INSERT INTO "logentry" VALUES(0,X'7B226174223A313830303030303030302C226B696E64223A227A6F6E6573222C22686F6D6573223A32302C22736861323536223A223030222C2276657273696F6E223A317D');
INSERT INTO "logentry" VALUES(1,X'7B226174223A313830303030303030302C226B696E64223A227769746E6573736573222C22736861323536223A2238643834386134316161646563643738366465626661336539373964656435396235636338383164653865333330316262326536393632666239666662356438227D');
CREATE TABLE logwitness (
	name VARCHAR(64) NOT NULL, 
	"key" TEXT NOT NULL, 
	log_key TEXT NOT NULL, 
	named_at FLOAT NOT NULL, 
	size INTEGER, 
	signed_at FLOAT, 
	line TEXT, 
	PRIMARY KEY (name)
);
INSERT INTO "logwitness" VALUES('witness/committee','witness/committee+15f28dd9+BIqI4910CfGV/VLbLTy6XXLKZwm/HZQSG/N0iAG0D29c','linli/saved+9631bc31+Af0XJDhaoMdbZPt4zWAvodmR/ev3axPFjtcC6sg16fYY',1800000000.0,NULL,NULL,NULL);
INSERT INTO "logwitness" VALUES('witness/relay','witness/relay+82dd08e9+BIE5dw6ofRdfVqNUZsNMfszLjYqRtO43ol32D1uPybOU','linli/saved+9631bc31+Af0XJDhaoMdbZPt4zWAvodmR/ev3axPFjtcC6sg16fYY',1800000000.0,NULL,NULL,NULL);
INSERT INTO "logwitness" VALUES('witness/third','witness/third+a34af332+BO1JKMYo0cLG6ukDOJBZlWEpWSc6XGP5NjbBRhSshzfR','linli/saved+9631bc31+Af0XJDhaoMdbZPt4zWAvodmR/ev3axPFjtcC6sg16fYY',1800000000.0,NULL,NULL,NULL);
CREATE TABLE member (
	id INTEGER NOT NULL, 
	kind VARCHAR(8) NOT NULL, 
	flat_id INTEGER, 
	"key" BLOB NOT NULL, 
	code_id INTEGER, 
	enrolled_at FLOAT NOT NULL, 
	revoked_at FLOAT, 
	PRIMARY KEY (id), 
	FOREIGN KEY(code_id) REFERENCES code (id), 
	FOREIGN KEY(flat_id) REFERENCES flat (id), 
	UNIQUE ("key")
);
CREATE TABLE setting (
	"key" VARCHAR(64) NOT NULL, 
	value TEXT NOT NULL, 
	PRIMARY KEY ("key")
);
INSERT INTO "setting" VALUES('name','演示小区');
CREATE TABLE shift (
	id INTEGER NOT NULL, 
	staff_id VARCHAR(32) NOT NULL, 
	started_at FLOAT NOT NULL, 
	ended_at FLOAT, 
	PRIMARY KEY (id), 
	FOREIGN KEY(staff_id) REFERENCES staff (id)
);
CREATE TABLE staff (
	id VARCHAR(32) NOT NULL, 
	name VARCHAR(64) NOT NULL, 
	name_key VARCHAR(192) NOT NULL, 
	role VARCHAR(16) NOT NULL, 
	password TEXT NOT NULL, 
	created FLOAT NOT NULL, 
	lang VARCHAR(16) NOT NULL, 
	theme VARCHAR(16) NOT NULL, 
	PRIMARY KEY (id), 
	UNIQUE (name_key)
);
CREATE TABLE stafflink (
	"key" BLOB NOT NULL, 
	account_id VARCHAR(32) NOT NULL, 
	expires FLOAT NOT NULL, 
	PRIMARY KEY ("key"), 
	FOREIGN KEY(account_id) REFERENCES staff (id)
);
CREATE TABLE staffsession (
	"key" BLOB NOT NULL, 
	account_id VARCHAR(32) NOT NULL, 
	created FLOAT NOT NULL, 
	seen FLOAT NOT NULL, 
	device TEXT NOT NULL, 
	PRIMARY KEY ("key"), 
	FOREIGN KEY(account_id) REFERENCES staff (id)
);
CREATE TABLE staffstrikes (
	"key" TEXT NOT NULL, 
	count INTEGER NOT NULL, 
	last FLOAT NOT NULL, 
	PRIMARY KEY ("key")
);
CREATE TABLE tokenkey (
	kind VARCHAR(8) NOT NULL, 
	number INTEGER NOT NULL, 
	spki BLOB NOT NULL, 
	kept_at FLOAT NOT NULL, 
	PRIMARY KEY (kind, number)
);
CREATE TABLE witnessednote (
	id INTEGER NOT NULL, 
	size INTEGER NOT NULL, 
	vouched_at FLOAT NOT NULL, 
	note TEXT NOT NULL, 
	PRIMARY KEY (id)
);
INSERT INTO "witnessednote" VALUES(1,1,1800000100.0,'saved');
CREATE TABLE zonetable (
	version INTEGER NOT NULL, 
	partition TEXT NOT NULL, 
	homes INTEGER NOT NULL, 
	frozen_at FLOAT NOT NULL, 
	frozen_by VARCHAR(64) NOT NULL, 
	PRIMARY KEY (version)
);
CREATE INDEX ix_staffsession_account_id ON staffsession (account_id);
CREATE INDEX ix_stafflink_account_id ON stafflink (account_id);
CREATE INDEX ix_shift_staff_id ON shift (staff_id);
CREATE INDEX ix_code_flat_id ON code (flat_id);
CREATE INDEX ix_member_flat_id ON member (flat_id);
CREATE INDEX ix_event_received_at ON event (received_at);
CREATE INDEX ix_incident_raised_at ON incident (raised_at);
CREATE INDEX ix_incident_status ON incident (status);
CREATE INDEX ix_incidentline_incident_id ON incidentline (incident_id);
CREATE INDEX ix_issuance_issued_at ON issuance (issued_at);
COMMIT;
