package broker

import "encoding/binary"

// Partition says which of partitions a key belongs to, by the murmur2 hash of
// Kafka's default partitioner, so that other producers put the same key into
// the same place. A nil key counts as an empty one (Kafka's own producer would
// spread such records at random; here the answer must be repeatable).
func (b *Broker) Partition(key []byte, partitions int) int {
	return partitionOf(key, partitions)
}

func partitionOf(key []byte, partitions int) int {
	if partitions <= 1 {
		return 0
	}
	return int(murmur2(key)&0x7fffffff) % partitions
}

// murmur2 is the variant in Kafka's Java client (org.apache.kafka.common.utils.Utils).
func murmur2(data []byte) uint32 {
	const (
		seed = 0x9747b28c
		m    = 0x5bd1e995
		r    = 24
	)
	h := uint32(seed) ^ uint32(len(data))
	for len(data) >= 4 {
		k := binary.LittleEndian.Uint32(data) * m
		k ^= k >> r
		h = h*m ^ k*m
		data = data[4:]
	}
	switch len(data) {
	case 3:
		h ^= uint32(data[2]) << 16
		fallthrough
	case 2:
		h ^= uint32(data[1]) << 8
		fallthrough
	case 1:
		h = (h ^ uint32(data[0])) * m
	}
	h ^= h >> 13
	h *= m
	return h ^ h>>15
}
