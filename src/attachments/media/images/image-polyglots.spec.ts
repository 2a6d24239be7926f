import { describe, expect, it } from '@jest/globals';
import { archive, page, picture } from '../../../../test/support/files.js';
import { isPolyglot } from './image-polyglots.js';

const bytes = (text: string): Buffer => Buffer.from(text, 'latin1');
/** As the middle of a compressed picture is. */
const NOISE = bytes('\xff\xd8\xff\x91\x02\xc3\x9c\xee\x00');

describe('an image that is something else as well', () => {
  it.each([
    ['a page', '<HTML>\n<body>'],
    ['a page with attributes', '<html lang="en">'],
    ['a page in a comment', 'GIF89a/*<html>*/=1;alert(1)//'],
    ['a script of PHP', '<?php system($_GET[1]); ?>'],
    ['a script of PHP on lines of its own', '<?PHP\r\n// x'],
    ['a script of a page', '<script>'],
    ['a document', '%PDF-1.4'],
  ])('is found where it is %s', (_, text) => {
    expect(isPolyglot(Buffer.concat([NOISE, bytes(text), NOISE]))).toBe(true);
  });

  it('is found where an archive or a page lies behind it', async () => {
    const photo = await picture().jpeg().toBuffer();
    expect([photo, Buffer.concat([photo, archive()]), Buffer.concat([photo, page()])].map(isPolyglot)).toEqual([
      false,
      true,
      true,
    ]);
    // With a comment, and something behind that.
    const commented = archive();
    commented.writeUInt16LE(5, commented.length - 2);
    expect(isPolyglot(Buffer.concat([photo, commented, bytes('hello, world')]))).toBe(true);
    // Few programs look at how many entries its last record says there are, nor at both places of its directory.
    const odd = archive();
    odd.writeUInt16LE(7, odd.length - 14);
    odd.writeUInt32LE(0xffff, odd.length - 6);
    expect(isPolyglot(Buffer.concat([photo, odd]))).toBe(true);
  });

  it.each([
    ['the name of a tag', '<hTMl\x9c\xee\x41'],
    ['the name of a tag and its end', '<html>\x9c\xee\x41'],
    ['the name of a tag at its end', '<html'],
    ['the beginning of a script', '<?pHp\x02\xb1'],
    ['the beginning of a script and a space', '<?php \x8f\xb1'],
    [
      'the mark of an archive’s end',
      'PK\x05\x06\x12\x9f\x00\x01\x07\xc3\x55\x20\x11\x8e\x3f\xd0\x99\x71\x10\x06\x00\x00',
    ],
  ])('is none where chance writes %s', (_, text) => {
    expect(isPolyglot(Buffer.concat([NOISE, bytes(text), NOISE]))).toBe(false);
  });
});
