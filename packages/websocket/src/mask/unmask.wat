;; XORs `length` bytes at `source` with a repeated 4-byte key, to `target`: 64 bytes a round, then the rest byte by byte. The two may overlap
;; when the target comes first: what a store covers has been loaded.
(module
  (memory (export "memory") 320)
  (func (export "xor") (param $target i32) (param $source i32) (param $length i32) (param $key i32)
    (local $keys v128)
    (local $end i32)
    (local.set $keys (i32x4.splat (local.get $key)))
    (local.set $end (i32.add (local.get $source) (i32.and (local.get $length) (i32.const -64))))
    (block $wideDone
      (loop $wide
        (br_if $wideDone (i32.ge_u (local.get $source) (local.get $end)))
        (v128.store (local.get $target) (v128.xor (v128.load (local.get $source)) (local.get $keys)))
        (v128.store offset=16 (local.get $target) (v128.xor (v128.load offset=16 (local.get $source)) (local.get $keys)))
        (v128.store offset=32 (local.get $target) (v128.xor (v128.load offset=32 (local.get $source)) (local.get $keys)))
        (v128.store offset=48 (local.get $target) (v128.xor (v128.load offset=48 (local.get $source)) (local.get $keys)))
        (local.set $source (i32.add (local.get $source) (i32.const 64)))
        (local.set $target (i32.add (local.get $target) (i32.const 64)))
        (br $wide)))
    (local.set $end (i32.add (local.get $source) (i32.and (local.get $length) (i32.const 63))))
    (block $restDone
      (loop $rest
        (br_if $restDone (i32.ge_u (local.get $source) (local.get $end)))
        (i32.store8 (local.get $target) (i32.xor (i32.load8_u (local.get $source)) (local.get $key)))
        (local.set $key (i32.rotr (local.get $key) (i32.const 8)))
        (local.set $source (i32.add (local.get $source) (i32.const 1)))
        (local.set $target (i32.add (local.get $target) (i32.const 1)))
        (br $rest)))))
