package config

import (
	"errors"
	"fmt"
	"time"

	"linesman/internal/broker"
)

// Kafka is how topics are made on a cluster.
type Kafka struct {
	Replication     int           `koanf:"replication" doc:"Copies of each topic that Linesman creates; 0: the cluster's default. With two or more, a record is acknowledged when two brokers have it."`
	Retention       time.Duration `koanf:"retention" doc:"After how long Kafka deletes records of topics that Linesman creates, counted from when they were recorded; 0: never. The store can only be rebuilt from what the log holds."`
	MaxMessageBytes int           `koanf:"max_message_bytes" doc:"Largest batch that is sent, and the limit that topics are created with, in bytes."`
}

func defaultKafka() Kafka {
	return Kafka{MaxMessageBytes: broker.DefaultMaxMessageBytes}
}

// smallestMessage keeps a mistyped limit from making a batch of every record.
const smallestMessage = 16 << 10

func (k Kafka) validate() error {
	var errs []error
	if k.Replication < 0 || k.Replication > 32767 {
		errs = append(errs, fmt.Errorf("broker.kafka.replication: %d copies cannot be", k.Replication))
	}
	if k.Retention < 0 {
		errs = append(errs, fmt.Errorf("broker.kafka.retention: %v lies in the past; 0 keeps everything", k.Retention))
	}
	if k.MaxMessageBytes < smallestMessage {
		errs = append(errs, fmt.Errorf("broker.kafka.max_message_bytes: %d is less than the smallest useful limit of %d", k.MaxMessageBytes, smallestMessage))
	}
	return errors.Join(errs...)
}

// groups are the Kafka groups that instances use: the one in which they share
// partitions, and the one in which they take turns to make the store's tables.
func (c *Config) groups() []string { return []string{c.Sharing.Group, c.Sharing.Group + "-structure"} }
