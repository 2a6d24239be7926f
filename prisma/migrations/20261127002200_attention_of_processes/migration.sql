-- What users look at, at each process, where several are one server: the one that decides whether a phone rings need not be the
-- one that holds the connection. Worth nothing without the lease of its process (presence_nodes), nor after a crash.
CREATE UNLOGGED TABLE "attentions" (
    "user_id" UUID NOT NULL,
    "node_id" UUID NOT NULL,
    "conversation_ids" UUID[] NOT NULL,

    CONSTRAINT "attentions_pkey" PRIMARY KEY ("user_id","node_id")
);
CREATE INDEX "attentions_node_id_idx" ON "attentions"("node_id");
