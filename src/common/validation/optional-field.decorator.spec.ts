import { describe, expect, it } from '@jest/globals';
import { Type } from 'class-transformer';
import { IsInt, ValidateNested } from 'class-validator';
import 'reflect-metadata';
import { IsText } from './is-text.decorator.js';
import { OptionalField } from './optional-field.decorator.js';
import { validated } from './validation.js';

class Inner {
  @OptionalField()
  @IsText({ min: 1, max: 5 })
  name?: string;
}

class Outer {
  @OptionalField()
  @IsText({ min: 1, max: 5 })
  text?: string;

  @OptionalField(50)
  @IsInt()
  limit: number = 50;

  @OptionalField()
  @ValidateNested({ each: true })
  @Type(() => Inner)
  parts?: Inner[];
}

describe('a field that may be left out', () => {
  it('is left out where it is null, also inside of others', () => {
    const { text, limit, parts } = validated(Outer, { text: null, limit: null, parts: [{ name: null }] });
    expect([text, limit, parts?.[0]?.name]).toEqual([undefined, 50, undefined]);
    expect(validated(Outer, { parts: null }).parts).toBeUndefined();
    expect(validated(Outer, {}).limit).toBe(50);
  });

  it('is checked where it is given', () => {
    expect(validated(Outer, { text: 'abc', limit: 3, parts: [{ name: 'x' }] })).toEqual({
      text: 'abc',
      limit: 3,
      parts: [{ name: 'x' }],
    });
    for (const wrong of [
      { text: '' },
      { text: 5 },
      { text: [] },
      { limit: '3' },
      { limit: {} },
      { parts: [null] },
      { parts: [{ name: 5 }] },
    ])
      expect(() => validated(Outer, wrong)).toThrow('The request is not valid.');
  });
});
