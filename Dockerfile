# Needs DATABASE_URL and JWT_SECRET when it runs; see compose.yaml.
FROM node:24-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json ./
COPY client/package.json client/
COPY web/package.json web/
RUN npm ci --no-audit --no-fund
COPY . .
RUN npm run build

FROM node:24-bookworm-slim AS dependencies
WORKDIR /app
COPY package.json package-lock.json ./
COPY client/package.json client/
COPY web/package.json web/
COPY scripts/prune-production.mjs scripts/
# Of half a gigabyte of modules a sixth is what runs.
RUN npm ci --omit=dev --no-audit --no-fund && node scripts/prune-production.mjs

FROM node:24-bookworm-slim
ENV NODE_ENV=production DATA_DIR=/data
WORKDIR /app
# Owned by root: the server cannot change its own code.
COPY --from=dependencies /app/node_modules node_modules
COPY --from=build /app/dist dist
COPY --from=build /app/web/dist web/dist
COPY package.json ./
COPY prisma prisma
COPY scripts scripts
COPY docs/protocol.md docs/protocol.md
# A volume mounted here takes over this owner.
RUN install -d -o node -g node -m 700 /data
USER node
VOLUME /data
EXPOSE 3000
# The start period leaves room for a long migration.
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 \
  CMD ["node", "-e", "fetch('http://127.0.0.1:'+(process.env.PORT||3000)+'/health/ready').then((r)=>process.exit(r.ok?0:1),()=>process.exit(1))"]
# Node itself is process 1, so SIGTERM reaches the server.
CMD ["node", "--max-semi-space-size=32", "dist/main.js"]
