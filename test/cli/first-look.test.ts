import { describe, expect, test } from 'vitest'
import { openDataFolder } from '../../src/cli/data-folder.ts'
import { firstLook } from '../../src/cli/first-look.ts'
import { parseConfig } from '../../src/config/read.ts'
import { emptyFolder } from './folder.ts'

describe('the first look', () => {
  test('names endpoint, credentials and three lines, seen from where the reader is', () => {
    const here = emptyFolder()
    const text = firstLook({
      config: parseConfig({}, here),
      folder: openDataFolder(`${here}/treuhand-data`),
      endpoint: 'http://127.0.0.1:8700',
      flags: [],
      here,
      program: `${here}/bin/treuhand.js`,
    })
    expect(text).toBe(`
Treuhand is ready. Applications reach it at

  http://127.0.0.1:8700

with the access key in treuhand-data/credentials (profile default).
Put an object, get it back, and look at what is stored:

  node bin/treuhand.js put README.md s3://first/readme.md
  node bin/treuhand.js get s3://first/readme.md
  od -c "$(find treuhand-data/store/payload -type f | sort | tail -n 1)" | head

`)
  })

  test('over a real store shows what that store holds, by that store alone', () => {
    const here = emptyFolder()
    const store = { kind: 's3', endpoint: 'https://s3.example.com', credentials: 'my keys', region: 'eu-1' }
    const text = firstLook({
      config: parseConfig({ store }, here),
      folder: openDataFolder(`${emptyFolder()}/data`),
      endpoint: 'http://127.0.0.1:9000',
      flags: ['--port', '9000', '--data', "it's"],
      here,
      program: '/opt/treuhand/bin/treuhand.js',
    })
    expect(text).toContain(
      `node /opt/treuhand/bin/treuhand.js get s3://first/readme.md --port 9000 --data 'it'\\''s'\n`,
    )
    expect(text).toContain(
      `AWS_SHARED_CREDENTIALS_FILE='my keys' AWS_PROFILE=default aws --endpoint-url https://s3.example.com --region eu-1 s3 cp s3://first/readme.md - | od -c | head\n`,
    )
  })
})
