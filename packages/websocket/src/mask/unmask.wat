;; XORs `length` bytes at `at` with a repeated 4-byte key, 64 bytes a round.
;; It rounds up: the memory behind the last byte, up to the next multiple of 64 from `at`, is changed as well.
(module
  (memory (export "memory") 1 1)
  (func (export "unmask") (param $at i32) (param $length i32) (param $key i32)
    (local $keys v128)
    (local $end i32)
    (local.set $keys (i32x4.splat (local.get $key)))
    (local.set $end (i32.add (local.get $at) (local.get $length)))
    (block $done
      (loop $next
        (br_if $done (i32.ge_u (local.get $at) (local.get $end)))
        (v128.store (local.get $at) (v128.xor (v128.load (local.get $at)) (local.get $keys)))
        (v128.store offset=16 (local.get $at) (v128.xor (v128.load offset=16 (local.get $at)) (local.get $keys)))
        (v128.store offset=32 (local.get $at) (v128.xor (v128.load offset=32 (local.get $at)) (local.get $keys)))
        (v128.store offset=48 (local.get $at) (v128.xor (v128.load offset=48 (local.get $at)) (local.get $keys)))
        (local.set $at (i32.add (local.get $at) (i32.const 64)))
        (br $next)))))
