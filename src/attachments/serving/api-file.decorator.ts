import { applyDecorators } from '@nestjs/common';
import { ApiOkResponse, ApiResponse } from '@nestjs/swagger';
import { ApiErrors } from '../../http/decorators/api-errors.decorator.js';

const BYTES = { content: { '*/*': { schema: { type: 'string', format: 'binary' } } } };

/** Documents an operation that answers with the bytes of a file (AttachmentServing): whole, a range of them, or none. */
export function ApiFile(): MethodDecorator {
  return applyDecorators(
    ApiOkResponse({ ...BYTES, description: 'The whole file.' }),
    ApiResponse({ ...BYTES, status: 206, description: 'The range that was asked for; `Content-Range` names it.' }),
    ApiResponse({ status: 304, description: 'What `If-None-Match` names is still the file.' }),
    ApiErrors('RANGE_NOT_SATISFIABLE'),
  );
}
