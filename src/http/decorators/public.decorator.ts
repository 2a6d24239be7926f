import { type CustomDecorator, SetMetadata } from '@nestjs/common';

export const IS_PUBLIC = 'isPublic';

/** Opens a route, or a controller, to callers without an access token. */
export const Public = (): CustomDecorator => SetMetadata(IS_PUBLIC, true);
