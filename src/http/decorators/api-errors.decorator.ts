import { applyDecorators, type Type } from '@nestjs/common';
import { ApiExtraModels, ApiResponse, getSchemaPath } from '@nestjs/swagger';
import { ERRORS, type ErrorCode, STATUS_OF_CATEGORY } from '../../common/errors.js';
import { ProblemView } from '../problem.view.js';

/** Documents the errors that an operation answers with, one response a status, one example a code. */
export function ApiErrors(...codes: ErrorCode[]): MethodDecorator & ClassDecorator {
  const byStatus = new Map<number, ErrorCode[]>();
  for (const code of codes) {
    const status = STATUS_OF_CATEGORY[ERRORS[code].category];
    byStatus.set(status, [...(byStatus.get(status) ?? []), code]);
  }
  return applyDecorators(
    ApiExtraModels(ProblemView),
    ...[...byStatus].map(([status, group]) => ApiResponse(problemResponse(status, group))),
  );
}

/** Documents a controller whose errors have a shape of their own; what is refused before it is a problem as anywhere. */
export function ApiOwnErrors(view: Type): ClassDecorator {
  return applyDecorators(
    ApiExtraModels(view, ProblemView),
    ApiResponse({
      status: 'default',
      description: 'Any error.',
      content: {
        'application/json': { schema: { $ref: getSchemaPath(view) } },
        'application/problem+json': { schema: { $ref: getSchemaPath(ProblemView) } },
      },
    }),
  );
}

/** The OpenAPI response of one status: RFC 9457, with an example for each code. */
export function problemResponse(status: number, codes: readonly ErrorCode[]) {
  return {
    status,
    description: codes.map((code) => `\`${code}\`: ${ERRORS[code].message}`).join(' '),
    content: {
      'application/problem+json': {
        schema: { $ref: getSchemaPath(ProblemView) },
        examples: Object.fromEntries(
          codes.map((code) => [
            code,
            {
              value: {
                type: `/docs/errors#${code}`,
                title: ERRORS[code].message,
                status,
                detail: ERRORS[code].message,
                message: ERRORS[code].message,
                code,
                requestId: '0197a6b2-8f1e-7c3a-9d52-1b6f0c8e4a11',
                ...([429, 503].includes(status) ? { retryAfterMs: 2_000 } : {}),
              },
            },
          ]),
        ),
      },
    },
  };
}
