//! x
use aftershock_calibrate::{*, clocked::Clocked, recover::*};
fn main(){ 
 let priors=Priors::parse("p", include_str!("../../../data/priors.toml")).unwrap();
 let b=one_bracket(0.005).unwrap();
 let (mut n,mut ca,mut cb,mut ce,mut cf)=(0,0,0,0,0);
 for s in 0..40u64 { let k=synth::known(s).unwrap();
 let o=&k.observed; let c=Clocked::new(o, synth::START, synth::START.plus_seconds(10800.0), 1.0).unwrap();
 let t=std::time::Instant::now();
 let f=prior_only(&priors,&k.about,(o,&c),&b,40).unwrap();
 let t1=t.elapsed();
 let g=prior_on_clock(&priors,&k.about,(o,&c),&b,40).unwrap();
 println!("{} {:?} {:?}", k.about,  t1, t.elapsed());
 for i in [3] { println!("   A {:.3?} bars {:.3?} clock {:.3?} | {:.3?} {:.3?} {:.3?}", k.log_amplification[i], f.log_amplification[i].map(|i|(i.low,i.median,i.high)),g.log_amplification[i].map(|i|(i.low,i.median,i.high)), k.log_effect[i], f.log_effect[i].map(|i|(i.low,i.median,i.high)),g.log_effect[i].map(|i|(i.low,i.median,i.high)));
  n+=1; if f.log_amplification[i].unwrap().covers(k.log_amplification[i].unwrap()) {ca+=1} if g.log_amplification[i].unwrap().covers(k.log_amplification[i].unwrap()) {cb+=1}
 if f.log_effect[i].unwrap().covers(k.log_effect[i].unwrap()) {ce+=1} if g.log_effect[i].unwrap().covers(k.log_effect[i].unwrap()) {cf+=1}
 }
 } println!("{n} A bars {ca} clock {cb} effect bars {ce} clock {cf}"); }
