import { testStore } from '../contract.ts'
import { openTemporary } from './temporary.ts'

testStore({ name: 'directory', open: openTemporary, lacks: new Set() })
