import { applyDecorators, type Type } from '@nestjs/common';
import { ApiExtraModels, ApiOkResponse, getSchemaPath } from '@nestjs/swagger';

/** Documents a page of a list: `{ items, nextCursor }`. */
export function ApiPage(item: Type): MethodDecorator {
  return answer(item, {
    properties: { items: itemsOf(item), nextCursor: { type: 'string', nullable: true } },
    required: ['items', 'nextCursor'],
  });
}

function itemsOf(item: Type) {
  return { type: 'array', items: { $ref: getSchemaPath(item) } };
}

function answer(item: Type, schema: { properties: Record<string, object>; required: string[] }): MethodDecorator {
  return applyDecorators(ApiExtraModels(item), ApiOkResponse({ schema: { type: 'object', ...schema } }));
}
