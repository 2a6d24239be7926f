import process from 'node:process';
import { defineConfig } from 'prisma/config';

// `generate` asks for a schema engine binary it never runs; naming any executable keeps it from downloading one.
if (process.argv.includes('generate')) process.env.PRISMA_SCHEMA_ENGINE_BINARY ??= process.execPath;

export default defineConfig({
  schema: 'prisma/schema.prisma',
  migrations: { path: 'prisma/migrations' },
  datasource: { url: process.env.DATABASE_URL ?? 'postgresql://localhost/parley' },
});
