import { Global, Module } from '@nestjs/common';
import { Database } from './database.js';
import { PrismaService } from './prisma.service.js';

/** PostgreSQL: statements (`Database`) and models (`PrismaService`) over the same connections. */
@Global()
@Module({ providers: [Database, PrismaService], exports: [Database, PrismaService] })
export class DatabaseModule {}
