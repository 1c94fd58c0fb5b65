//! Statistics, one module each, with their documentation, kernels and analytic tests.
//!
//! # Parameters
//!
//! A statistic with parameters has a constructor that takes them, and returns an error for values that its
//! [`Kind`](crate::Kind) does not allow. In text, parameters follow the name after colons
//! ([`make("beyond_n_std:n=2.5")`](crate::make)). The names of outputs contain the parameters in their shortest form:
//! `beyond_2.5_std`, `magnitude_percentage_ratio_40_5`. Those of [`bins`] always have a decimal point, as is customary.
//!
//! # Quantiles
//!
//! The quantile p of n fluxes in ascending order, x₁ to xₙ, is xₕ at h = n p + 1/2, with linear interpolation between
//! neighbours, and x₁ or xₙ beyond them. This is definition 5 of Hyndman & Fan 1996, The American Statistician 50, 361,
//! [doi:10.1080/00031305.1996.10473566](https://doi.org/10.1080/00031305.1996.10473566). The position h is rounded to
//! single precision, as in the `light-curve` package (version 0.13), so that results agree.

pub mod amplitude;
pub mod anderson_darling_normal;
pub mod bazin_fit;
pub mod beyond_n_std;
pub mod binned_light_curve;
pub mod bins;
pub mod biweight_location;
pub mod biweight_scale;
pub mod chi2_p_value;
pub mod colour;
pub mod colour_spread;
pub mod cusum;
pub mod damped_random_walk;
pub mod duration;
pub mod eta;
pub mod eta_e;
pub mod excess_variance;
pub mod inter_percentile_range;
pub mod inverse_von_neumann;
pub mod kurtosis;
pub mod lafler_kinman;
pub mod linear_fit;
pub mod linear_trend;
pub mod linexp_fit;
pub mod lomb_scargle;
pub mod lomb_scargle_multiband;
pub mod magnitude_percentage_ratio;
pub mod maximum_slope;
pub mod maximum_time_interval;
pub mod mean;
pub mod mean_variance;
pub mod median;
pub mod median_absolute_deviation;
pub mod median_buffer_range_percentage;
pub mod minimum_time_interval;
pub mod normalised_excess_variance;
pub mod observation_count;
pub mod otsu_split;
pub mod parabola_fit;
pub mod peak_to_peak_var;
pub mod percent_amplitude;
pub mod percent_difference_magnitude_percentile;
pub mod qn_scale;
pub mod reduced_chi2;
pub mod roms;
pub mod skew;
pub mod standard_deviation;
pub mod stetson_i;
pub mod stetson_j;
pub mod stetson_k;
pub mod stetson_l;
pub mod time_mean;
pub mod time_standard_deviation;
pub mod villar_fit;
pub mod weighted_mean;
pub mod weighted_standard_deviation;
