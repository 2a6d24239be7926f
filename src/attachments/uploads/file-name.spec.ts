import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { contentDisposition, safeFileName } from './file-name.js';

describe('safeFileName', () => {
  it.each([
    ['beach.jpg', 'jpg', 'beach.jpg'],
    ['beach.JPEG', 'jpg', 'beach.JPEG'],
    ['../../etc/passwd', undefined, 'passwd'],
    ['C:\\Windows\\evil.exe', undefined, 'evil.exe'],
    ['evil.html', 'png', 'evil.png'],
    ['IMG_0001.HEIC', 'jpg', 'IMG_0001.jpg'],
    ['report.2024', 'pdf', 'report.2024.pdf'],
    ['doc.pdf.exe', 'pdf', 'doc.pdf'],
    ['invoice.pdf', 'exe', 'invoice.bin'],
    ['invoice.pdf.exe', 'exe', 'invoice.exe'],
    ['invoice.pdf.exe', undefined, 'invoice.exe'],
    ['photo.jpg.js', 'txt', 'photo.js'],
    ['library.dll', 'exe', 'library.dll'],
    ['letter.docx', 'zip', 'letter.docx'],
    ['photo.jpg', 'zip', 'photo.zip'],
    ['page.html', 'zip', 'page.zip'],
    ['setup.exe', 'txt', 'setup.txt'],
    ['program.jar', 'zip', 'program.jar'],
    ['table.csv', 'txt', 'table.csv'],
    ['Makefile', 'txt', 'Makefile'],
    ['photo.jpg', 'html', 'photo.bin'],
    ['photo.jpg', 'svg', 'photo.bin'],
    ['page.html', 'html', 'page.html'],
    ['drawing', 'svg', 'drawing'],
    ['letter', 'pdf', 'letter.pdf'],
    ['clip.3gp', 'm4a', 'clip.3gp'],
    ['photo\u202egpj.exe', undefined, 'photogpj.exe'],
    ['a\0b\r\nc".txt', undefined, 'abc.txt'],
    ['...', undefined, 'file'],
    ['', 'gif', 'file.gif'],
    [undefined, undefined, 'file'],
    ['Überraschung 🎉.pdf', undefined, 'Überraschung 🎉.pdf'],
    ['.htaccess', undefined, 'htaccess'],
  ])('of %j with the extension %j is %j', (name, extension, expected) => {
    expect(safeFileName(name, extension)).toBe(expected);
  });

  it('keeps the end of a name that is too long', () => {
    const name = safeFileName(`${'x'.repeat(5_000)}.tar.gz`, undefined);
    expect(name).toHaveLength(200);
    expect(name.endsWith('x.gz') || name.endsWith('.tar.gz')).toBe(true);
  });

  it('is made in linear time, whatever the name', () => {
    // Far longer than any header of a form: anything but linear takes hours.
    const count = 1_000_000;
    expect(safeFileName(`a${'.'.repeat(count)}b`, undefined)).toMatch(/^a\.+b$/);
    expect(safeFileName(`a${' .'.repeat(count)}`, 'pdf')).toBe('a.pdf');
    expect(safeFileName(`${'%41'.repeat(count)} `, undefined)).toMatch(/^(%41)+/);
    expect(safeFileName('%41'.repeat(count), undefined)).toBe('A'.repeat(200));
    expect(safeFileName(`a${'\u200d'.repeat(count)}b`, undefined)).toBe('ab');
  });

  it('gives a header that cannot be broken out of, whatever the name', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (name) => {
        const header = contentDisposition('attachment', safeFileName(name, undefined));
        expect(header).toMatch(/^attachment; filename="[^"\\]+"(; filename\*=UTF-8''[\w.!#$&+^`|~%-]+)?$/);
      }),
    );
  });
});
