"""Create the model."""

import uuid

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import TSVECTOR

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


# Ids order pages, so every database must sort them alike: by code point.
ID = sa.String().with_variant(sa.String(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "clock",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("generation", sa.String(), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_clock_one_row")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_clock")),
    )
    op.create_table(
        "country",
        sa.Column("code", ID, nullable=False),
        sa.Column("alpha3", sa.String(3), nullable=False),
        sa.Column("numeric", sa.String(3), nullable=True),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("name_vi", sa.String(), nullable=False),
        sa.Column("region", sa.String(), nullable=False),
        sa.Column("subregion", sa.String(), nullable=False),
        sa.Column("gw", sa.Integer(), nullable=True),
        sa.Column("cow", sa.Integer(), nullable=True),
        sa.Column("fips", sa.String(2), nullable=True),
        sa.Column("cameo", sa.String(3), nullable=True),
        sa.Column("valid_from", sa.Integer(), nullable=True),
        sa.Column("valid_to", sa.Integer(), nullable=True),
        sa.Column("note", sa.String(), nullable=True),
        sa.Column("folded", sa.Text(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.CheckConstraint("valid_from <= valid_to", name=op.f("ck_country_validity")),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_country")),
    )
    op.create_index(op.f("ix_country_alpha3"), "country", ["alpha3"], unique=True)
    op.create_index(op.f("ix_country_numeric"), "country", ["numeric"])
    op.create_table(
        "dataset",
        sa.Column("id", ID, nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("titles", sa.JSON(), nullable=False),
        sa.Column("version", sa.String(), nullable=False),
        sa.Column("licence", sa.String(), nullable=False),
        sa.Column("citation", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("events", sa.Integer(), nullable=False),
        sa.Column("coverage_start", sa.Date(), nullable=True),
        sa.Column("coverage_end", sa.Date(), nullable=True),
        sa.CheckConstraint(
            "kind IN ('dossier', 'ucdp-ged', 'gdelt', 'csv')", name=op.f("ck_dataset_kind_known")
        ),
        sa.CheckConstraint("coverage_start <= coverage_end", name=op.f("ck_dataset_coverage_order")),
        sa.CheckConstraint("events >= 0", name=op.f("ck_dataset_events_positive")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dataset")),
    )
    op.create_table(
        "load",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("dataset_id", ID, nullable=False),
        sa.Column("file", sa.String(), nullable=False),
        sa.Column("file_sha256", sa.String(), nullable=False),
        sa.Column("version", sa.String(), nullable=False),
        sa.Column("started", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished", sa.DateTime(timezone=True), nullable=True),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("read", sa.Integer(), nullable=False),
        sa.Column("inserted", sa.Integer(), nullable=False),
        sa.Column("updated", sa.Integer(), nullable=False),
        sa.Column("unchanged", sa.Integer(), nullable=False),
        sa.Column("rejected", sa.Integer(), nullable=False),
        sa.Column("withdrawn", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "(outcome = 'running') = (finished IS NULL)", name=op.f("ck_load_finished_when_over")
        ),
        sa.CheckConstraint(
            "outcome IN ('running', 'succeeded', 'failed')", name=op.f("ck_load_outcome_known")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_load")),
    )
    op.create_index(op.f("ix_load_dataset_id"), "load", ["dataset_id"])
    op.create_table(
        "source",
        sa.Column("id", ID, nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("publisher", sa.String(), nullable=True),
        sa.Column("language", sa.String(), nullable=True),
        sa.Column("published", sa.String(), nullable=True),
        sa.Column("authors", sa.JSON(), nullable=False),
        sa.Column("url", sa.Text(), nullable=True),
        sa.Column("licence", sa.String(), nullable=True),
        sa.Column("lineage", sa.String(), nullable=False),
        sa.Column("derived_from", ID, nullable=True),
        sa.Column("text_sha256", sa.String(), nullable=True),
        sa.Column("text_length", sa.Integer(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("digest", sa.String(), nullable=False),
        sa.CheckConstraint(
            "(lineage = 'derived') = (derived_from IS NOT NULL)",
            name=op.f("ck_source_derived_names_its_source"),
        ),
        sa.CheckConstraint(
            "kind IN ('article', 'report', 'broadcast', 'statement', 'dataset_record', 'social_media', 'other')",
            name=op.f("ck_source_kind_known"),
        ),
        sa.CheckConstraint(
            "lineage IN ('original', 'derived', 'unknown')", name=op.f("ck_source_lineage_known")
        ),
        sa.CheckConstraint("derived_from <> id", name=op.f("ck_source_derived_from_other")),
        sa.CheckConstraint("length(text_sha256) = 64", name=op.f("ck_source_text_sha256_length")),
        sa.CheckConstraint("text_length >= 0", name=op.f("ck_source_text_length_positive")),
        sa.ForeignKeyConstraint(["derived_from"], ["source.id"], name=op.f("fk_source_derived_from_source")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_source")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_source_derived_from"), "source", ["derived_from"])
    op.create_table(
        "actor",
        sa.Column("id", ID, nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("country_code", ID, nullable=True),
        sa.Column("parent_id", ID, nullable=True),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("names", sa.JSON(), nullable=False),
        sa.Column("aliases", sa.JSON(), nullable=False),
        sa.Column("folded", sa.Text(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('state', 'government', 'armed_forces', 'armed_group', 'organisation', 'person', 'population', 'media')",
            name=op.f("ck_actor_kind_known"),
        ),
        sa.CheckConstraint("parent_id <> id", name=op.f("ck_actor_parent_other")),
        sa.ForeignKeyConstraint(
            ["country_code"], ["country.code"], name=op.f("fk_actor_country_code_country")
        ),
        sa.ForeignKeyConstraint(["parent_id"], ["actor.id"], name=op.f("fk_actor_parent_id_actor")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_actor")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_actor_country_code"), "actor", ["country_code"])
    op.create_index(op.f("ix_actor_parent_id"), "actor", ["parent_id"])
    op.create_table(
        "event",
        sa.Column("id", ID, nullable=False),
        sa.Column("dataset_id", ID, nullable=False),
        sa.Column("type", sa.String(), nullable=False),
        sa.Column("mode", sa.String(), nullable=True),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("summary", sa.Text(), nullable=True),
        sa.Column("translations", sa.JSON(), nullable=False),
        sa.Column("date_edtf", sa.String(), nullable=False),
        sa.Column("date_start", sa.Date(), nullable=False),
        sa.Column("date_end", sa.Date(), nullable=False),
        sa.Column("date_precision", sa.String(), nullable=False),
        sa.Column("place_name", sa.String(), nullable=True),
        sa.Column("place_admin1", sa.String(), nullable=True),
        sa.Column("place_country", ID, nullable=True),
        sa.Column("latitude", sa.Float(), nullable=True),
        sa.Column("longitude", sa.Float(), nullable=True),
        sa.Column("place_precision", sa.String(), nullable=True),
        sa.Column("fatalities_low", sa.Integer(), nullable=True),
        sa.Column("fatalities_best", sa.Integer(), nullable=True),
        sa.Column("fatalities_high", sa.Integer(), nullable=True),
        sa.Column(
            "fatalities_rank",
            sa.Integer(),
            sa.Computed("coalesce(fatalities_best, -1)", persisted=True),
            nullable=True,
        ),
        sa.Column("figures", sa.JSON(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("change_seq", sa.BigInteger(), nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated", sa.DateTime(timezone=True), nullable=False),
        sa.Column("withdrawn", sa.DateTime(timezone=True), nullable=True),
        sa.Column("withdrawn_reason", sa.Text(), nullable=True),
        sa.Column("successor_id", ID, nullable=True),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("document", sa.LargeBinary(), nullable=False),
        sa.Column("document_evidence", sa.LargeBinary(), nullable=False),
        sa.Column("document_version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "(date_precision = 'open') = (date_start = '0001-01-01' OR date_end = '9999-12-31')",
            name=op.f("ck_event_open_has_no_bound"),
        ),
        sa.CheckConstraint(
            "date_precision <> 'day' OR date_start = date_end", name=op.f("ck_event_day_is_one_day")
        ),
        sa.CheckConstraint(
            "date_precision IN ('day', 'week', 'month', 'year', 'range', 'open')",
            name=op.f("ck_event_date_precision_known"),
        ),
        sa.CheckConstraint(
            "latitude IS NULL OR (place_precision IS NOT NULL AND place_precision <> 'country')",
            name=op.f("ck_event_point_has_precision"),
        ),
        sa.CheckConstraint(
            "place_precision IN ('site', 'city', 'near', 'admin2', 'admin1', 'area', 'country', 'international')",
            name=op.f("ck_event_place_precision_known"),
        ),
        sa.CheckConstraint(
            "status IN ('occurred', 'ongoing', 'planned', 'alleged')", name=op.f("ck_event_status_known")
        ),
        sa.CheckConstraint(
            "type IN ('AGREE', 'CONSULT', 'SUPPORT', 'CONCEDE', 'COOPERATE', 'AID', 'RETREAT', 'REQUEST', 'ACCUSE', 'REJECT', 'THREATEN', 'PROTEST', 'SANCTION', 'MOBILIZE', 'COERCE', 'ASSAULT')",
            name=op.f("ck_event_type_known"),
        ),
        sa.CheckConstraint("(latitude IS NULL) = (longitude IS NULL)", name=op.f("ck_event_point_whole")),
        sa.CheckConstraint(
            "(withdrawn IS NULL) = (withdrawn_reason IS NULL)", name=op.f("ck_event_withdrawn_with_reason")
        ),
        sa.CheckConstraint("created <= updated", name=op.f("ck_event_created_before_updated")),
        sa.CheckConstraint("date_start <= date_end", name=op.f("ck_event_date_order")),
        sa.CheckConstraint("fatalities_best >= 0", name=op.f("ck_event_fatalities_best_positive")),
        sa.CheckConstraint("fatalities_high >= 0", name=op.f("ck_event_fatalities_high_positive")),
        sa.CheckConstraint("fatalities_low >= 0", name=op.f("ck_event_fatalities_low_positive")),
        sa.CheckConstraint("latitude BETWEEN -90 AND 90", name=op.f("ck_event_latitude_range")),
        sa.CheckConstraint("longitude BETWEEN -180 AND 180", name=op.f("ck_event_longitude_range")),
        sa.CheckConstraint(
            "place_precision IS NOT NULL OR (place_name IS NULL AND place_admin1 IS NULL AND place_country IS NULL)",
            name=op.f("ck_event_place_has_precision"),
        ),
        sa.CheckConstraint("revision >= 1", name=op.f("ck_event_revision_positive")),
        sa.ForeignKeyConstraint(["dataset_id"], ["dataset.id"], name=op.f("fk_event_dataset_id_dataset")),
        sa.ForeignKeyConstraint(
            ["place_country"], ["country.code"], name=op.f("fk_event_place_country_country")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_event")),
    )
    op.create_index(op.f("ix_event_change_seq"), "event", ["change_seq"])
    op.create_index(op.f("ix_event_dataset_id_date_start_id"), "event", ["dataset_id", "date_start", "id"])
    op.create_index(op.f("ix_event_date_start_id"), "event", ["date_start", "id"])
    op.create_index(op.f("ix_event_fatalities_rank_id"), "event", ["fatalities_rank", "id"])
    op.create_index(op.f("ix_event_longitude_latitude"), "event", ["longitude", "latitude"])
    op.create_index(op.f("ix_event_type_mode_date_start_id"), "event", ["type", "mode", "date_start", "id"])
    op.create_index(op.f("ix_event_updated_id"), "event", ["updated", "id"])
    op.create_table(
        "event_actor",
        sa.Column("event_id", ID, nullable=False),
        sa.Column("actor_id", ID, nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.CheckConstraint(
            "role IN ('initiator', 'recipient', 'participant', 'mediator', 'mentioned')",
            name=op.f("ck_event_actor_role_known"),
        ),
        sa.ForeignKeyConstraint(["actor_id"], ["actor.id"], name=op.f("fk_event_actor_actor_id_actor")),
        sa.ForeignKeyConstraint(
            ["event_id"], ["event.id"], name=op.f("fk_event_actor_event_id_event"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("event_id", "actor_id", "role", name=op.f("pk_event_actor")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_event_actor_actor_id_event_id"), "event_actor", ["actor_id", "event_id"])
    op.create_table(
        "event_context",
        sa.Column("event_id", ID, nullable=False),
        sa.Column("context", sa.String(), nullable=False),
        sa.CheckConstraint(
            "context IN ('military', 'intelligence', 'executive', 'legislative', 'election', 'political_institutions', 'pro_democracy', 'pro_autocracy', 'economic', 'legal', 'reparations', 'human_rights', 'rights_freedoms', 'repression', 'human_security', 'gender', 'lgbt', 'religion_ethnicity', 'inequality', 'diplomatic', 'territory', 'peacekeeping', 'health', 'asylum', 'migration', 'disasters', 'natural_resource', 'environment', 'technology', 'terrorism', 'cbrn', 'cyber', 'misinformation', 'crime', 'corruption', 'illegal_drugs', 'trafficking')",
            name=op.f("ck_event_context_context_known"),
        ),
        sa.ForeignKeyConstraint(
            ["event_id"], ["event.id"], name=op.f("fk_event_context_event_id_event"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("event_id", "context", name=op.f("pk_event_context")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_event_context_context_event_id"), "event_context", ["context", "event_id"])
    op.create_table(
        "event_country",
        sa.Column("event_id", ID, nullable=False),
        sa.Column("country_code", ID, nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.CheckConstraint(
            "role IN ('location', 'party', 'mentioned')", name=op.f("ck_event_country_role_known")
        ),
        sa.ForeignKeyConstraint(
            ["country_code"], ["country.code"], name=op.f("fk_event_country_country_code_country")
        ),
        sa.ForeignKeyConstraint(
            ["event_id"], ["event.id"], name=op.f("fk_event_country_event_id_event"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("event_id", "country_code", "role", name=op.f("pk_event_country")),
        sqlite_with_rowid=False,
    )
    op.create_index(
        op.f("ix_event_country_country_code_role_event_id"),
        "event_country",
        ["country_code", "role", "event_id"],
    )
    op.create_table(
        "evidence",
        sa.Column("event_id", ID, nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("source_id", ID, nullable=False),
        sa.Column("field", sa.String(), nullable=True),
        sa.Column("paragraph", sa.Integer(), nullable=True),
        sa.Column("passage_start", sa.Integer(), nullable=True),
        sa.Column("passage_end", sa.Integer(), nullable=True),
        sa.Column("passage_sha256", sa.String(), nullable=True),
        sa.Column("quote", sa.Text(), nullable=True),
        sa.Column("reported", sa.Text(), nullable=True),
        sa.Column("stance", sa.String(), nullable=False),
        sa.Column("attributed_to", sa.Text(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "stance IN ('supports', 'disputes', 'corrected')", name=op.f("ck_evidence_stance_known")
        ),
        sa.CheckConstraint(
            "(passage_start IS NULL) = (passage_end IS NULL) AND (passage_start IS NULL) = (passage_sha256 IS NULL)",
            name=op.f("ck_evidence_passage_whole"),
        ),
        sa.CheckConstraint("length(passage_sha256) = 64", name=op.f("ck_evidence_passage_sha256_length")),
        sa.CheckConstraint("paragraph >= 1", name=op.f("ck_evidence_paragraph_positive")),
        sa.CheckConstraint(
            "passage_start >= 0 AND passage_start < passage_end", name=op.f("ck_evidence_passage_order")
        ),
        sa.CheckConstraint(
            "quote IS NULL OR passage_sha256 IS NOT NULL", name=op.f("ck_evidence_quote_has_passage")
        ),
        sa.ForeignKeyConstraint(
            ["event_id"], ["event.id"], name=op.f("fk_evidence_event_id_event"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["source_id"], ["source.id"], name=op.f("fk_evidence_source_id_source")),
        sa.PrimaryKeyConstraint("event_id", "position", name=op.f("pk_evidence")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_evidence_source_id_event_id"), "evidence", ["source_id", "event_id"])
    op.create_table(
        "event_revision",
        sa.Column("event_id", ID, nullable=False),
        sa.Column("revision", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changes", sa.JSON(), nullable=False),
        sa.CheckConstraint("revision >= 2", name=op.f("ck_event_revision_revision_is_an_edit")),
        sa.ForeignKeyConstraint(
            ["event_id"], ["event.id"], name=op.f("fk_event_revision_event_id_event"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("event_id", "revision", name=op.f("pk_event_revision")),
        sqlite_with_rowid=False,
    )
    if op.get_bind().dialect.name == "sqlite":
        # 'ascii' splits at ASCII separators only: it takes the words that app/search.py has folded as they are.
        op.execute(
            "CREATE VIRTUAL TABLE event_search"
            " USING fts5(words, tokenize = 'ascii', columnsize = 0, detail = none)"
        )
    else:
        op.create_table(
            "event_search",
            sa.Column("event_id", ID, nullable=False),
            sa.Column("words", TSVECTOR(), nullable=False),
            sa.ForeignKeyConstraint(
                ["event_id"], ["event.id"], name="fk_event_search_event_id_event", ondelete="CASCADE"
            ),
            sa.PrimaryKeyConstraint("event_id", name="pk_event_search"),
        )
        op.create_index("ix_event_search_words", "event_search", ["words"], postgresql_using="gin")
    clock = sa.table("clock", sa.column("id"), sa.column("seq"), sa.column("generation"))
    op.bulk_insert(clock, [{"id": 1, "seq": 0, "generation": uuid.uuid4().hex[:12]}])


def downgrade() -> None:
    op.drop_table("event_search")
    op.drop_table("event_revision")
    op.drop_table("evidence")
    op.drop_table("event_country")
    op.drop_table("event_context")
    op.drop_table("event_actor")
    op.drop_table("event")
    op.drop_table("actor")
    op.drop_table("source")
    op.drop_table("load")
    op.drop_table("dataset")
    op.drop_table("country")
    op.drop_table("clock")
