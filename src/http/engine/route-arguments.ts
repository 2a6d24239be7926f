import { ROUTE_ARGS_METADATA } from '@nestjs/common/constants.js';
import { RouteParamtypes } from '@nestjs/common/enums/route-paramtypes.enum.js';

/**
 * Whether a handler has a parameter that takes the body, or one of its fields. Nest says so nowhere but in metadata that it keeps
 * for itself: http-engine-contract.spec.ts holds them against the version installed.
 *
 * @param name the handler's, as its class has it.
 */
export function takesBody(controller: object, name: string): boolean {
  // Where they had gone, every call that has a body would be refused: no body passes unseen.
  const parameters: object = Reflect.getMetadata(ROUTE_ARGS_METADATA, controller, name) ?? {};
  return Object.keys(parameters).some((key) => key.startsWith(`${RouteParamtypes.BODY}:`));
}
