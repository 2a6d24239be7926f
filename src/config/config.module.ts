import { join } from 'node:path';
import { type DynamicModule, Global, Logger, Module } from '@nestjs/common';
import { Clock } from '../common/clock.js';
import { DiskProbe, FreeSpace } from '../common/free-space.js';
import { Lifecycle } from '../common/stopping/lifecycle.js';
import { Configuration } from './configuration.js';

/** The settings, the clock and what is left of the disk, for everybody. */
@Global()
@Module({})
export class ConfigModule {
  static with(configuration: Configuration): DynamicModule {
    return {
      module: ConfigModule,
      providers: [
        { provide: Configuration, useValue: configuration },
        Clock,
        DiskProbe,
        {
          provide: FreeSpace,
          inject: [DiskProbe],
          useFactory: (probe: DiskProbe) => {
            const { dataDirectory, minFreeDiskBytes } = configuration;
            return new FreeSpace(
              {
                // The embedded database may lie on a disk of its own.
                paths: [dataDirectory, join(dataDirectory, 'postgres')],
                minFreeBytes: minFreeDiskBytes,
                log: new Logger(FreeSpace.name),
              },
              probe,
            );
          },
        },
        Lifecycle,
      ],
      exports: [Configuration, Clock, FreeSpace, Lifecycle],
    };
  }
}
