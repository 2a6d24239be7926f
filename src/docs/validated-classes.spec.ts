import { describe, expect, it } from '@jest/globals';
import { IsInt, IsString, MaxLength } from 'class-validator';
import { validatedClasses } from './validated-classes.js';

class Described {
  @IsString()
  @MaxLength(7)
  name!: string;

  @IsInt({ each: true })
  sizes!: number[];
}

describe('the classes whose objects are checked', () => {
  it('are found where class-validator keeps them, with each check of each property', () => {
    expect(validatedClasses().get(Described.name)).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ name: 'maxLength', propertyName: 'name', constraints: [7], each: false }),
        expect.objectContaining({ name: 'isInt', propertyName: 'sizes', each: true }),
      ]),
    );
  });
});
