// SPDX-License-Identifier: MIT
//
// main WORK N: what bench/library.c does, in Go. Prints the same check.
package main

import (
	"fmt"
	"os"
	"runtime"
	"strconv"
	"sync"
	"time"
)

const (
	capacity = 128
	batch    = 1000
	cases    = 4
)

func pingPong(n int64) int64 {
	in, out := make(chan int64), make(chan int64)
	go func() {
		for v := range in {
			out <- v + 1
		}
		close(out)
	}()
	var v int64
	for i := int64(0); i < n; i++ {
		in <- v
		v = <-out
	}
	close(in)
	<-out
	return v
}

func buffered(pairs int) func(int64) int64 {
	return func(n int64) int64 {
		c, sums := make(chan int64, capacity), make(chan int64)
		var producers sync.WaitGroup
		each := n / int64(pairs)
		producers.Add(pairs)
		for i := 0; i < pairs; i++ {
			go func() {
				for i := int64(0); i < each; i++ {
					c <- i
				}
				producers.Done()
			}()
			go func() {
				var sum int64
				for v := range c {
					sum += v
				}
				sums <- sum
			}()
		}
		producers.Wait()
		close(c)
		var sum int64
		for i := 0; i < pairs; i++ {
			sum += <-sums
		}
		return sum
	}
}

func sendOne(c chan int64) {
	c <- 1
}

func spawnJoin(n int64) int64 {
	c := make(chan int64)
	var sum int64
	for i := int64(0); i < n; i++ {
		go sendOne(c)
		sum += <-c
	}
	return sum
}

type slot struct {
	value int64
	wg    *sync.WaitGroup
}

func (s *slot) run() {
	s.value++
	s.wg.Done()
}

var slots [batch]slot

func spawnBatches(n int64) int64 {
	var wg sync.WaitGroup
	for i := int64(0); i < n/batch; i++ {
		wg.Add(batch)
		for k := range slots {
			slots[k].wg = &wg
			go slots[k].run()
		}
		wg.Wait()
	}
	var sum int64
	for k := range slots {
		sum += slots[k].value
	}
	return sum
}

func yield(n int64) int64 {
	var wg sync.WaitGroup
	wg.Add(2)
	for i := 0; i < 2; i++ {
		go func() {
			for i := int64(0); i < n/2; i++ {
				runtime.Gosched()
			}
			wg.Done()
		}()
	}
	wg.Wait()
	return n
}

func makeChannels(size int) (c [cases]chan int64) {
	for i := range c {
		c[i] = make(chan int64, size)
	}
	return c
}

func selectDefault(n int64) int64 {
	c := makeChannels(0)
	var none int64
	for i := int64(0); i < n; i++ {
		select {
		case <-c[0]:
		case <-c[1]:
		case <-c[2]:
		case <-c[3]:
		default:
			none++
		}
	}
	return none
}

func selectOne(c *[cases]chan int64) int64 {
	select {
	case v := <-c[0]:
		return v
	case v := <-c[1]:
		return v + 1
	case v := <-c[2]:
		return v + 2
	case v := <-c[3]:
		return v + 3
	}
}

func selectReady(n int64) int64 {
	c := makeChannels(1)
	var sum int64
	for i := int64(0); i < n; i++ {
		c[i%cases] <- i
		sum += selectOne(&c)
	}
	return sum
}

func selectBlocking(n int64) int64 {
	c, ack := makeChannels(0), make(chan int64)
	go func() {
		for {
			ack <- selectOne(&c)
		}
	}()
	var sum int64
	for i := int64(0); i < n; i++ {
		c[i%cases] <- i
		sum += <-ack
	}
	return sum
}

func mutex(goroutines int) func(int64) int64 {
	return func(n int64) int64 {
		var m sync.Mutex
		var wg sync.WaitGroup
		var count int64
		each := n / int64(goroutines)
		wg.Add(goroutines)
		for i := 0; i < goroutines; i++ {
			go func() {
				for i := int64(0); i < each; i++ {
					m.Lock()
					count++
					m.Unlock()
				}
				wg.Done()
			}()
		}
		wg.Wait()
		return count
	}
}

func rwmutexRead(n int64) int64 {
	var rw sync.RWMutex
	var wg sync.WaitGroup
	count := int64(1)
	each := n / 2
	wg.Add(2)
	for i := 0; i < 2; i++ {
		go func() {
			var sum int64
			for i := int64(0); i < each; i++ {
				rw.RLock()
				sum += count
				rw.RUnlock()
			}
			if sum == each {
				wg.Done()
			}
		}()
	}
	wg.Wait()
	return n
}

func sleepersLate(n int64) int64 {
	var wg sync.WaitGroup
	var m sync.Mutex
	var latest time.Duration
	dues := make([]time.Time, n)
	start := time.Now().Add(2 * time.Second)
	wg.Add(int(n))
	for i := int64(0); i < n; i++ {
		dues[i] = start.Add(time.Duration(i * 7919 % n * int64(time.Second/2) / n))
		go func(due *time.Time) {
			time.Sleep(time.Until(*due))
			late := time.Since(*due)
			m.Lock()
			if late > latest {
				latest = late
			}
			m.Unlock()
			wg.Done()
		}(&dues[i])
	}
	wg.Wait()
	return latest.Microseconds()
}

func sleepers(n int64) int64 {
	sleepersLate(n)
	return n
}

var works = map[string]func(int64) int64{
	"ping-pong":       pingPong,
	"buffered-1":      buffered(1),
	"buffered-4":      buffered(4),
	"buffered-16":     buffered(16),
	"spawn-join":      spawnJoin,
	"spawn-batches":   spawnBatches,
	"yield":           yield,
	"select-default":  selectDefault,
	"select-ready":    selectReady,
	"select-blocking": selectBlocking,
	"mutex-1":         mutex(1),
	"mutex-4":         mutex(4),
	"rwmutex-read":    rwmutexRead,
	"sleepers":        sleepers,
	"sleepers-late":   sleepersLate,
}

func main() {
	if len(os.Args) == 3 {
		if run := works[os.Args[1]]; run != nil {
			n, _ := strconv.ParseInt(os.Args[2], 10, 64)
			fmt.Println(run(n))
			return
		}
	}
	fmt.Fprintln(os.Stderr, "usage: main WORK N")
	os.Exit(2)
}
