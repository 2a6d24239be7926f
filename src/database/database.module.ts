import { Global, Module } from '@nestjs/common';
import { Database } from './database.js';

/** PostgreSQL: its connections, statements and transactions. */
@Global()
@Module({ providers: [Database], exports: [Database] })
export class DatabaseModule {}
