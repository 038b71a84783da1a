import fc from 'fast-check'

/** Text of any characters at all, controls and astral planes included. (fast-check's own takes seconds to set up.) */
export const unicode = fc
  .array(fc.oneof(fc.integer({ min: 0, max: 0x2ff }), fc.integer({ min: 0, max: 0x10ffff })), {
    maxLength: 20,
  })
  .map(codes => String.fromCodePoint(...codes).toWellFormed())
