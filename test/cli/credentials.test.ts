import { chmodSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import {
  addCredential,
  readCredential,
  readCredentials,
  writeCredentials,
} from '../../src/cli/credentials.ts'
import { emptyFolder } from './folder.ts'

const pair = (name: string) => ({ accessKeyId: `ID${name}`, secretAccessKey: `secret-${name}+/=` })

describe('a credentials file', () => {
  test('is written for its owner alone, and reads back', () => {
    const file = join(emptyFolder(), 'credentials')
    writeCredentials(file, pair('a'))
    expect(statSync(file).mode & 0o777).toBe(0o600)
    expect(readCredential(file, 'default')).toEqual(pair('a'))
  })

  test('takes more profiles, and none twice', () => {
    const file = join(emptyFolder(), 'credentials')
    writeCredentials(file, pair('a'))
    addCredential(file, 'backup', pair('b'))
    expect([...readCredentials(file)]).toEqual([
      ['default', pair('a')],
      ['backup', pair('b')],
    ])
    const before = readFileSync(file, 'utf8')
    expect(() => addCredential(file, 'backup', pair('c'))).toThrow('has a profile backup already')
    expect(readFileSync(file, 'utf8')).toBe(before)
    expect(statSync(file).mode & 0o777).toBe(0o600)
  })

  test('as people and AWS tools write it is understood', () => {
    const file = join(emptyFolder(), 'credentials')
    writeFileSync(
      file,
      '# mine\r\n[ default ]\r\naws_access_key_id=A\r\nAWS_SECRET_ACCESS_KEY =  s=+/ \r\n\r\nregion = eu\n[empty]\n' +
        '[token]\naws_access_key_id = B\naws_secret_access_key = t\naws_session_token = u\n',
      { mode: 0o600 },
    )
    expect([...readCredentials(file)]).toEqual([
      ['default', { accessKeyId: 'A', secretAccessKey: 's=+/' }],
      ['token', { accessKeyId: 'B', secretAccessKey: 't', sessionToken: 'u' }],
    ])
    expect(() => readCredential(file, 'empty')).toThrow('no profile "empty"')
  })

  test('that others may read is refused with the cure', () => {
    const file = join(emptyFolder(), 'credentials')
    writeCredentials(file, pair('a'))
    chmodSync(file, 0o640)
    expect(() => readCredential(file, 'default')).toThrow(`Run: chmod 600 ${file}`)
  })
})
