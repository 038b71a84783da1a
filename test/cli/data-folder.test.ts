import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { openDataFolder, pathStoreKey } from '../../src/cli/data-folder.ts'
import { emptyFolder } from './folder.ts'

describe('the data folder', () => {
  test('is made for its owner alone, and found again', () => {
    const path = join(emptyFolder(), 'a', 'b')
    const folder = openDataFolder(path)
    expect(statSync(path).mode & 0o777).toBe(0o700)
    expect(openDataFolder(path)).toEqual(folder)
  })

  test('of another layout is refused, and left as it was', () => {
    const path = emptyFolder()
    writeFileSync(join(path, 'VERSION'), 'treuhand data folder, layout 7\n')
    expect(() => openDataFolder(path)).toThrow(
      'has layout 7, this program knows layout 1. Start the version that',
    )
    expect(readFileSync(join(path, 'VERSION'), 'utf8')).toContain('layout 7')
  })

  test('is no folder of somebody else', () => {
    const path = emptyFolder()
    mkdirSync(join(path, 'photos'))
    expect(() => openDataFolder(path)).toThrow("holds photos, which is not Treuhand's")
    const other = emptyFolder()
    writeFileSync(join(other, 'VERSION'), '1.2.3\n')
    expect(() => openDataFolder(other)).toThrow("holds VERSION, which is not Treuhand's")
  })

  test('may have been cut off while it was made', () => {
    const path = emptyFolder()
    writeFileSync(join(path, 'VERSION.new'), 'treuha')
    openDataFolder(path)
    expect(readFileSync(join(path, 'VERSION'), 'utf8')).toContain('layout 1')
  })

  test('keeps the key of the path store, and says so when it is lost', () => {
    const folder = openDataFolder(join(emptyFolder(), 'data'))
    const key = pathStoreKey(folder)
    expect(key).toHaveLength(32)
    expect(pathStoreKey(folder)).toEqual(key)
    expect(statSync(folder.pathKey).mode & 0o777).toBe(0o600)

    writeFileSync(folder.pathStore, '')
    rmSync(folder.pathKey)
    expect(() => pathStoreKey(folder)).toThrow(`The file ${folder.pathKey} is missing`)
    writeFileSync(folder.pathKey, 'short', { mode: 0o600 })
    expect(() => pathStoreKey(folder)).toThrow(`The file ${folder.pathKey} is damaged`)
  })
})
