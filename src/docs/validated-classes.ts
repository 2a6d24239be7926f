import { getMetadataStorage } from 'class-validator';

/** One check of one property, as class-validator keeps it. */
export interface Validation {
  name: string | undefined;
  type: string;
  propertyName: string;
  constraints: unknown[] | undefined;
  each: boolean;
}

/**
 * The classes whose objects are checked, which are those that clients send, with the checks of their properties. Which classes
 * there are class-validator says nowhere: validated-classes.spec.ts holds where it keeps them.
 */
export function validatedClasses(): Map<string, Validation[]> {
  const storage = getMetadataStorage();
  const known = (storage as unknown as { validationMetadatas: Map<unknown, unknown> }).validationMetadatas;
  const classes = [...known.keys()].filter((target): target is Function => typeof target === 'function');
  return new Map(
    classes.map((target) => [
      target.name,
      storage.getTargetValidationMetadatas(target, target.name, true, false) as unknown as Validation[],
    ]),
  );
}
