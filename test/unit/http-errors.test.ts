import { describe, expect, it } from 'vitest';
import type { ErrorCode } from '../../src/core/errors.ts';
import { errorOfStatus, summaryOf } from '../../src/http/error-of-status.ts';
import { networkError } from '../../src/http/network-error.ts';
import { redact } from '../../src/http/redact.ts';
import { retryAfterMs } from '../../src/http/retry-after.ts';

const UPLOAD_TOKEN = `${'A'.repeat(22)}.${'b'.repeat(27)}`;

describe('errorOfStatus', () => {
  it.each<[number, ErrorCode]>([
    [301, 'CONFIG_INVALID'],
    [307, 'CONFIG_INVALID'],
    [400, 'BATCH_REFUSED'],
    [401, 'TOKEN_REJECTED'],
    [403, 'TOKEN_REJECTED'],
    [404, 'CONFIG_INVALID'],
    [409, 'TARGET_CONFLICT'],
    [413, 'FILE_TOO_LARGE'],
    [422, 'BATCH_REFUSED'],
    [429, 'DESTINATION_BUSY'],
    [500, 'DESTINATION_BUSY'],
    [502, 'DESTINATION_BUSY'],
    [503, 'DESTINATION_BUSY'],
    [504, 'DESTINATION_UNCLEAR'],
    [507, 'QUOTA_EXCEEDED'],
    [599, 'DESTINATION_BUSY'],
    [204, 'DESTINATION_UNCLEAR'],
  ])('takes %i for %s', (status, code) => {
    const error = errorOfStatus({ status, text: '' }, 'sending');

    expect(error.code).toBe(code);
    expect(error.message).toBe(`sending: answered ${status}`);
    expect(error.hint.length).toBeGreaterThan(20);
  });

  it('says where a redirect leads, without the token in it', () => {
    const location = `https://nomad.example.org/uploads?token=${UPLOAD_TOKEN}`;

    const error = errorOfStatus({ status: 307, text: '', location }, 'sending');

    expect(error.message).toBe('sending: answered 307 to https://nomad.example.org/uploads?token=[secret]');
  });

  it('passes on how long to wait', () => {
    expect(errorOfStatus({ status: 503, text: '', retryAfterMs: 5000 }, 'x').retryAfterMs).toBe(5000);
  });
});

describe('what is kept of an answer', () => {
  it('is one line without markup, scripts, control characters and credentials', () => {
    const page = `<html><script>evil()</script>\u001b[31m<h1>413 Too\nLarge</h1> ${UPLOAD_TOKEN}</html>`;

    expect(summaryOf(page)).toBe('[31m 413 Too Large [secret]');
    expect(summaryOf('x'.repeat(10_000))).toHaveLength(300);
  });

  it('says once what is the title and the heading of a page', () => {
    const page = `<html>\r\n<head><title>503 Service Temporarily Unavailable</title></head>\r\n<body>\r\n<center><h1>503 Service
      Temporarily Unavailable</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>`;

    expect(summaryOf(page)).toBe('503 Service Temporarily Unavailable nginx');
    expect(summaryOf('no no, not a page')).toBe('no no, not a page');
  });
});

describe('redact', () => {
  it.each([
    ['http://h/uploads?a=1&token=abc.def&b=2', 'http://h/uploads?a=1&token=[secret]&b=2'],
    ['?signature_token=abc', '?signature_token=[secret]'],
    ['https://user:pass@host/x', 'https://[secret]@host/x'],
    ['Authorization: Bearer abc.def-ghi', 'Authorization: Bearer [secret]'],
    [`curl -H 'Upload-Token: ${UPLOAD_TOKEN}'`, "curl -H 'Upload-Token: [secret]'"],
    [`you sent "nomad_pat_${'x'.repeat(43)}"`, 'you sent "[secret]"'],
    ['no: eyJhbGciOiJIUzI1NiJ9.eyJ1c2VyIjoiMSJ9.c2ln-bmF0dXJl', 'no: [secret]'],
    ['/uploads/AAAAAAAAAAAAAAAAAAAAAA/raw/x', '/uploads/AAAAAAAAAAAAAAAAAAAAAA/raw/x'],
  ])('%s', (text, safe) => {
    expect(redact(text)).toBe(safe);
  });
});

describe('retryAfterMs', () => {
  const now = Date.UTC(2026, 10, 22, 12, 0, 0);

  it.each<[string | undefined, number | undefined]>([
    ['120', 120_000],
    ['0', 0],
    ['Sun, 22 Nov 2026 12:01:00 GMT', 60_000],
    ['Sun, 22 Nov 2026 11:00:00 GMT', 0],
    ['99999999', 86_400_000],
    ['soon', undefined],
    ['', undefined],
    [undefined, undefined],
  ])('reads %s as %s', (header, ms) => {
    expect(retryAfterMs(header, now)).toBe(ms);
  });
});

describe('networkError', () => {
  it('finds the telling code below what wraps it', () => {
    const inner = Object.assign(new Error('connect'), { code: 'CERT_HAS_EXPIRED' });
    const error = networkError(new Error('fetch failed', { cause: inner }), 'GET https://h/');

    expect(error.code).toBe('DESTINATION_UNREACHABLE');
    expect(error.message).toBe('GET https://h/: its TLS certificate has expired');
    expect(error.context).toEqual({ code: 'CERT_HAS_EXPIRED', unasked: true });
  });
});
