# redis-benchmark: its whole suite of tests, with and without pipelining, in both protocols, and commands of one's own.
set -u
names() { sed -n 's/^"\([^"]*\)","[0-9.]*",.*/\1/p'; }
bench() { redis-benchmark -p "$REDIS_PORT" --csv -n 400 -c 20 "$@" 2>&1; }

echo "-- all of it"
bench | names
echo "-- in a pipeline, in RESP3, with many keys"
bench -P 16 -3 -r 1000 -d 200 -t set,get,incr,lpush,rpop,sadd,hset,zadd,zpopmin,mset | names
echo "-- my own"
bench -r 100 EVAL "return redis.call('SET', KEYS[1], ARGV[1])" 1 key:__rand_int__ value | names | cut -c1-20
bench XADD stream '*' field value | names
redis-cli -p "$REDIS_PORT" XLEN stream
echo "-- refused commands are told"
bench NOSUCH | grep -o 'ERR unknown command.*' | head -1
bench LPUSH stream 1 | grep -o 'WRONGTYPE.*' | head -1
