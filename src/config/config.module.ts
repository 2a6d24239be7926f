import { type DynamicModule, Global, Module } from '@nestjs/common';
import { Clock } from '../common/clock.js';
import { Lifecycle } from '../common/lifecycle.js';
import { Configuration } from './configuration.js';

/** The settings and the clock, for everybody. */
@Global()
@Module({})
export class ConfigModule {
  static with(configuration: Configuration): DynamicModule {
    return {
      module: ConfigModule,
      providers: [{ provide: Configuration, useValue: configuration }, Clock, Lifecycle],
      exports: [Configuration, Clock, Lifecycle],
    };
  }
}
